// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel

/// A private key on one of the three NIST curves that SSH uses (RFC 5656 §10.1), in OpenSSL's hands.
struct ECKey: PublicHalf, ~Copyable {
    let publicKey: PublicKey
    var pkcs8SHA1: [UInt8]? { nil }

    /// RFC 5915 `ECPrivateKey`, the curve named in it.
    init(sec1 der: UnsafeRawBufferPointer) throws(KeyFault) { try self.init(der, in: nil) }

    /// RFC 5915 `ECPrivateKey` inside PKCS#8, where the curve stands outside.
    init(sec1 der: UnsafeRawBufferPointer, curve: Int32) throws(KeyFault) {
        guard let group = EC_KEY_new_by_curve_name(curve) else { throw .unsupported("on a curve without a name") }
        try self.init(der, in: group)
    }

    private init(_ der: UnsafeRawBufferPointer, in group: OpaquePointer?) throws(KeyFault) {
        var position = der.bindMemory(to: UInt8.self).baseAddress
        var slot = group
        guard let key = d2i_ECPrivateKey(&slot, &position, der.count) else {
            EC_KEY_free(group)
            throw .malformed
        }
        defer { EC_KEY_free(key) }
        let curve =
            switch EC_GROUP_get_curve_name(EC_KEY_get0_group(key)) {
            case NID_X9_62_prime256v1: "nistp256"
            case NID_secp384r1: "nistp384"
            case NID_secp521r1: "nistp521"
            default: ""
            }
        guard !curve.isEmpty else { throw .unsupported("on a curve that SSH does not know") }
        let point = [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
            count = EC_POINT_point2oct(
                EC_KEY_get0_group(key),
                EC_KEY_get0_public_key(key),
                POINT_CONVERSION_UNCOMPRESSED,
                buffer.baseAddress,
                buffer.count,
                nil
            )
        }
        // RFC 5656 §3.1: "string "ecdsa-sha2-[identifier]", string [identifier], string Q".
        var writer = WireWriter()
        writer.string("ecdsa-sha2-\(curve)")
        writer.string(curve)
        writer.string(point)
        guard !point.isEmpty, let publicKey = PublicKey(blob: writer.bytes) else { throw .malformed }
        self.publicKey = publicKey
    }
}

/// An ED25519 private key (RFC 8032).
struct Ed25519Key: PublicHalf, ~Copyable {
    /// The 32 secret bytes that all else follows from.
    let seed: Secret
    let publicKey: PublicKey
    var pkcs8SHA1: [UInt8]? { nil }

    /// - Throws: `malformed` if the seed is not 32 bytes.
    init(seed: consuming Secret) throws(KeyFault) {
        let raw = seed.withBytes { bytes -> [UInt8] in
            let secret = bytes.bindMemory(to: UInt8.self).baseAddress
            guard bytes.count == 32, let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, secret, 32) else {
                return []
            }
            defer { EVP_PKEY_free(key) }
            return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
                count = 32
                if EVP_PKEY_get_raw_public_key(key, buffer.baseAddress, &count) != 1 { count = 0 }
            }
        }
        // RFC 8709 §4: "string "ssh-ed25519", string key".
        var writer = WireWriter()
        writer.string("ssh-ed25519")
        writer.string(raw)
        guard raw.count == 32, let publicKey = PublicKey(blob: writer.bytes) else { throw .malformed }
        self.publicKey = publicKey
        self.seed = seed
    }

    static func generate() throws(KeyFault) -> Ed25519Key {
        var seed = Secret(capacity: 32)
        let count = seed.fill { RAND_priv_bytes($0.bindMemory(to: UInt8.self).baseAddress, 32) == 1 ? 32 : 0 }
        guard count == 32 else { throw .unreadable("the system has no randomness") }
        return try Ed25519Key(seed: seed)
    }
}
