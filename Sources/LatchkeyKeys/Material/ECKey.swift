// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// A private key on one of the three NIST curves that SSH uses (RFC 5656 §10.1), in OpenSSL's hands.
struct ECKey: ~Copyable {
    /// The curve, by the name that SSH gives it.
    enum Curve: String, CaseIterable {
        case nistp256, nistp384, nistp521

        var identifier: Int32 {
            switch self {
            case .nistp256: NID_X9_62_prime256v1
            case .nistp384: NID_secp384r1
            case .nistp521: NID_secp521r1
            }
        }

        /// The algorithm of keys on it (RFC 5656 §3.1).
        var algorithm: String { "ecdsa-sha2-\(rawValue)" }

        /// RFC 5656 §6.2.1: the hash grows with the curve.
        var digest: OpaquePointer? {
            switch self {
            case .nistp256: EVP_sha256()
            case .nistp384: EVP_sha384()
            case .nistp521: EVP_sha512()
            }
        }
    }

    let pointer: OpaquePointer
    let curve: Curve
    let publicKey: PublicKey

    /// RFC 5915 `ECPrivateKey`, the curve named in it.
    init(sec1 der: UnsafeRawBufferPointer) throws(KeyFault) { try self.init(der, in: nil) }

    /// RFC 5915 `ECPrivateKey` inside PKCS#8, where the curve stands outside.
    ///
    /// - Parameter group: OpenSSL's; it stays the caller's.
    init(sec1 der: UnsafeRawBufferPointer, group: OpaquePointer) throws(KeyFault) {
        SecureHeap.prepare()
        guard let key = EC_KEY_new() else { throw .malformed }
        guard EC_KEY_set_group(key, group) == 1 else {
            EC_KEY_free(key)
            throw .malformed
        }
        try self.init(der, in: key)
    }

    /// From the point and the private number, as SSH's formats carry them.
    init(curve: Curve, point: UnsafeRawBufferPointer, number: UnsafeRawBufferPointer) throws(KeyFault) {
        SecureHeap.prepare()
        guard number.count <= 67, let key = EC_KEY_new_by_curve_name(curve.identifier) else { throw .malformed }
        let secret = BN_bin2bn(number.bindMemory(to: UInt8.self).baseAddress, Int32(number.count), BN_secure_new())
        defer { BN_clear_free(secret) }
        guard EC_KEY_oct2key(key, point.bindMemory(to: UInt8.self).baseAddress, point.count, nil) == 1,
            EC_KEY_set_private_key(key, secret) == 1
        else {
            EC_KEY_free(key)
            throw .malformed
        }
        try self.init(owning: key)
    }

    private init(_ der: UnsafeRawBufferPointer, in group: OpaquePointer?) throws(KeyFault) {
        SecureHeap.prepare()
        var position = der.bindMemory(to: UInt8.self).baseAddress
        var slot = group
        guard let key = d2i_ECPrivateKey(&slot, &position, der.count) else {
            EC_KEY_free(group)
            throw .malformed
        }
        try self.init(owning: key)
    }

    private init(owning key: OpaquePointer) throws(KeyFault) {
        do throws(KeyFault) {
            (publicKey, curve) = try ECKey.publicKey(of: key)
        } catch {
            EC_KEY_free(key)
            throw error
        }
        EC_KEY_set_asn1_flag(key, OPENSSL_EC_NAMED_CURVE)
        EC_KEY_set_conv_form(key, POINT_CONVERSION_UNCOMPRESSED)
        pointer = key
    }

    /// The public half of OpenSSL's key, and its curve.
    ///
    /// - Throws: `unsupported` for a curve that SSH does not know, `malformed`.
    static func publicKey(of key: OpaquePointer) throws(KeyFault) -> (key: PublicKey, curve: Curve) {
        let group = EC_KEY_get0_group(key)
        let identifier = curve(of: group)
        guard let curve = Curve.allCases.first(where: { $0.identifier == identifier }) else {
            guard identifier != NID_undef, let name = OBJ_nid2sn(identifier) else {
                throw .unsupported("on a curve without a name")
            }
            throw .unsupported("on the curve \(String(cString: name).terminalSafe), which SSH does not know")
        }
        let point = [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
            let form = POINT_CONVERSION_UNCOMPRESSED
            count = EC_POINT_point2oct(
                group,
                EC_KEY_get0_public_key(key),
                form,
                buffer.baseAddress,
                buffer.count,
                nil
            )
        }
        guard !point.isEmpty, let publicKey = publicKey(curve, point) else { throw .malformed }
        return (publicKey, curve)
    }

    /// The number of the named curve that a group is. One that is written out number by number (RFC 3279 §2.3.5) counts
    /// if it is the named one in every number; then it is taken by its name from here on.
    static func curve(of group: OpaquePointer?) -> Int32 {
        let identifier = EC_GROUP_get_curve_name(group)
        return identifier != NID_undef ? identifier : max(NID_undef, EC_GROUP_check_named_curve(group, 0, nil))
    }

    static func generate(_ curve: Curve) throws(KeyFault) -> ECKey {
        SecureHeap.prepare()
        guard let key = EC_KEY_new_by_curve_name(curve.identifier) else { throw .malformed }
        guard EC_KEY_generate_key(key) == 1 else {
            EC_KEY_free(key)
            throw .unreadable("the system's random numbers cannot be read")
        }
        return try ECKey(owning: key)
    }

    deinit { EC_KEY_free(pointer) }

    /// RFC 5656 §3.1: "string "ecdsa-sha2-[identifier]", string [identifier], string Q".
    static func publicKey(_ curve: Curve, _ point: [UInt8]) -> PublicKey? {
        var writer = WireWriter()
        writer.string(curve.algorithm)
        writer.string(curve.rawValue)
        writer.string(point)
        return PublicKey(blob: writer.bytes)
    }

    /// Whether the point is the private number's own.
    var isConsistent: Bool { EC_KEY_check_key(pointer) == 1 }

    /// RFC 5915, with the curve's name in it or, as PKCS#8 has it, outside.
    ///
    /// - Throws: `unsupported` if OpenSSL cannot write it.
    func sec1(namesCurve: Bool = true) throws(KeyFault) -> Secret {
        // The flag is the key's, which others may be using.
        guard let copy = EC_KEY_dup(pointer) else { throw .unsupported("not to be written by this OpenSSL") }
        defer { EC_KEY_free(copy) }
        EC_KEY_set_enc_flags(copy, namesCurve ? 0 : UInt32(EC_PKEY_NO_PARAMETERS))
        return try Secret(der: { i2d_ECPrivateKey(copy, $0) })
    }

    /// The private number, as an mpint (RFC 4251 §5).
    func writeNumber(into writer: inout SecretWriter) { writer.mpint(EC_KEY_get0_private_key(pointer)) }
}
