// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel

/// The X.509 form of a public key (RFC 5280 §4.1.2.7).
enum SubjectPublicKeyInfo {
    /// - Returns: nil if this form has no place for that kind of key, or OpenSSL does not hold it.
    static func encode(_ key: PublicKey) -> [UInt8]? {
        var reader = WireReader(key.blob)
        guard reader.string() != nil, !key.isCertificate else { return nil }
        switch key.typeName {
        case "rsa":
            guard let e = reader.string(), let n = reader.string(), let rsa = RSA_new() else { return nil }
            defer { RSA_free(rsa) }
            let numbers = [n, e]
                .map { bytes in bytes.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress, Int32($0.count), nil) } }
            guard RSA_set0_key(rsa, numbers[0], numbers[1], nil) == 1 else { return nil }
            return der { i2d_RSA_PUBKEY(rsa, $0) }
        case "ecdsa":
            guard let name = reader.string().flatMap({ ECKey.Curve(rawValue: String(terminalSafe: $0)) }),
                let point = reader.string().map(Array.init), let key = EC_KEY_new_by_curve_name(name.identifier)
            else { return nil }
            defer { EC_KEY_free(key) }
            guard EC_KEY_oct2key(key, point, point.count, nil) == 1 else { return nil }
            return der { i2d_EC_PUBKEY(key, $0) }
        case "ed25519":
            guard let raw = reader.string().map(Array.init),
                let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, raw, raw.count)
            else { return nil }
            defer { EVP_PKEY_free(key) }
            return der { i2d_PUBKEY(key, $0) }
        default: return nil
        }
    }

    private static func der(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8]? {
        let length = Int(write(nil))
        guard length > 0 else { return nil }
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var position = buffer.baseAddress
            count = max(0, Int(write(&position)))
        }
    }

    /// - Throws: `malformed`, `unsupported`.
    static func decode(_ der: [UInt8]) throws(KeyFault) -> PublicKey {
        var key: OpaquePointer?
        der.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            key = d2i_PUBKEY(nil, &position, buffer.count)
        }
        guard let key else { throw .malformed }
        defer { EVP_PKEY_free(key) }
        return try publicKey(key)
    }

    /// An RSA key in the older form that has no algorithm in it (RFC 8017 A.1.1).
    static func decode(pkcs1 der: [UInt8]) throws(KeyFault) -> PublicKey {
        var rsa: OpaquePointer?
        der.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            rsa = d2i_RSAPublicKey(nil, &position, buffer.count)
        }
        guard let rsa else { throw .malformed }
        defer { RSA_free(rsa) }
        return try publicKey(rsa: rsa)
    }

    private static func publicKey(_ key: OpaquePointer) throws(KeyFault) -> PublicKey {
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA:
            guard let rsa = EVP_PKEY_get0_RSA(key) else { throw .malformed }
            return try publicKey(rsa: rsa)
        case EVP_PKEY_EC:
            guard let ec = EVP_PKEY_get0_EC_KEY(key) else { throw .malformed }
            return try ECKey.publicKey(of: ec).key
        case EVP_PKEY_ED25519:
            let raw = [UInt8](unsafeUninitializedCapacity: Ed25519Key.length) { buffer, count in
                count = Ed25519Key.length
                if EVP_PKEY_get_raw_public_key(key, buffer.baseAddress, &count) != 1 { count = 0 }
            }
            guard let key = Ed25519Key.publicKey(raw) else { throw .malformed }
            return key
        case EVP_PKEY_DSA: throw .unsupported("a DSA key")
        case EVP_PKEY_ED448: throw .unsupported(KeyFault.ed448)
        default: throw .unsupported("of a kind that SSH does not know")
        }
    }

    private static func publicKey(rsa: OpaquePointer) throws(KeyFault) -> PublicKey {
        let key = RSAKey.publicKey(of: rsa)
        guard let bits = key.bits, RSAKey.sizes.contains(bits) else {
            throw .unsupported("an RSA key of \(RSA_bits(rsa)) bits")
        }
        return key
    }
}
