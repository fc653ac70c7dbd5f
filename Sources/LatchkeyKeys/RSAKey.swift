// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel

/// An RSA private key in OpenSSL's hands, which wipes it when it is freed.
struct RSAKey: PublicHalf, ~Copyable {
    private let pointer: OpaquePointer

    /// RFC 8017 A.1.2, `RSAPrivateKey`.
    init(pkcs1 der: UnsafeRawBufferPointer) throws(KeyFault) {
        var position = der.bindMemory(to: UInt8.self).baseAddress
        guard let key = d2i_RSAPrivateKey(nil, &position, der.count) else { throw .malformed }
        pointer = key
    }

    /// From its numbers, each big-endian.
    init(
        n: UnsafeRawBufferPointer,
        e: UnsafeRawBufferPointer,
        d: UnsafeRawBufferPointer,
        p: UnsafeRawBufferPointer,
        q: UnsafeRawBufferPointer,
        inverse: UnsafeRawBufferPointer
    ) throws(KeyFault) {
        // No honest key is longer; OpenSSL's division below is quadratic.
        guard n.count <= 2049, d.count <= 2049, p.count <= 1025, q.count <= 1025, let key = RSA_new() else {
            throw .malformed
        }
        guard RSA_set0_key(key, RSAKey.number(n), RSAKey.number(e), RSAKey.number(d)) == 1,
            RSA_set0_factors(key, RSAKey.number(p), RSAKey.number(q)) == 1,
            RSA_set0_crt_params(key, RSAKey.remainder(d, p), RSAKey.remainder(d, q), RSAKey.number(inverse)) == 1
        else {
            RSA_free(key)
            throw .malformed
        }
        pointer = key
    }

    /// A new key of so many bits with the exponent 65537.
    static func generate(bits: Int) throws(KeyFault) -> RSAKey { try RSAKey(bits: bits) }

    private init(bits: Int) throws(KeyFault) {
        guard let key = RSA_new() else { throw .malformed }
        let exponent = BN_new()
        defer { BN_free(exponent) }
        guard BN_set_word(exponent, UInt(RSA_F4)) == 1, RSA_generate_key_ex(key, Int32(bits), exponent, nil) == 1
        else {
            RSA_free(key)
            throw .unreadable("the system has no randomness")
        }
        pointer = key
    }

    deinit { RSA_free(pointer) }

    var publicKey: PublicKey {
        var writer = WireWriter()
        writer.string("ssh-rsa")
        writer.mpint(RSAKey.bytes(RSA_get0_e(pointer)))
        writer.mpint(RSAKey.bytes(RSA_get0_n(pointer)))
        guard let key = PublicKey(blob: writer.bytes) else { preconditionFailure("an RSA key always has a wire form") }
        return key
    }

    /// RFC 8017 A.1.2.
    var pkcs1: Secret {
        var secret = Secret(capacity: Int(i2d_RSAPrivateKey(pointer, nil)))
        _ = secret.fill { buffer in
            var position = buffer.bindMemory(to: UInt8.self).baseAddress
            return Int(i2d_RSAPrivateKey(pointer, &position))
        }
        return secret
    }

    var pkcs8SHA1: [UInt8]? {
        let inner = pkcs1
        // PKCS8_pkey_set0 takes memory that it can free.
        return inner.withBytes { bytes -> [UInt8]? in
            guard let info = PKCS8_PRIV_KEY_INFO_new() else { return nil }
            defer { PKCS8_PRIV_KEY_INFO_free(info) }
            guard let copy = CRYPTO_memdup(bytes.baseAddress, bytes.count, #file, 0) else { return nil }
            let content = copy.assumingMemoryBound(to: UInt8.self)
            let algorithm = OBJ_nid2obj(NID_rsaEncryption)
            guard PKCS8_pkey_set0(info, algorithm, 0, V_ASN1_NULL, nil, content, Int32(bytes.count)) == 1 else {
                CRYPTO_clear_free(copy, bytes.count, #file, 0)
                return nil
            }
            var der = Secret(capacity: Int(i2d_PKCS8_PRIV_KEY_INFO(info, nil)))
            _ = der.fill { buffer in
                var position = buffer.bindMemory(to: UInt8.self).baseAddress
                return Int(i2d_PKCS8_PRIV_KEY_INFO(info, &position))
            }
            return der.withBytes { Digest.sha1($0) }
        }
    }

    private static func number(_ bytes: UnsafeRawBufferPointer) -> OpaquePointer? {
        BN_bin2bn(bytes.bindMemory(to: UInt8.self).baseAddress, Int32(bytes.count), nil)
    }

    /// d mod (prime - 1), the exponents of the Chinese remainder theorem (RFC 8017 §3.2).
    private static func remainder(_ d: UnsafeRawBufferPointer, _ prime: UnsafeRawBufferPointer) -> OpaquePointer? {
        let (d, lessOne, result, context) = (number(d), number(prime), BN_new(), BN_CTX_new())
        defer {
            BN_clear_free(d)
            BN_clear_free(lessOne)
            BN_CTX_free(context)
        }
        guard BN_sub_word(lessOne, 1) == 1, BN_div(nil, result, d, lessOne, context) == 1 else {
            BN_clear_free(result)
            return nil
        }
        return result
    }

    private static func bytes(_ number: OpaquePointer?) -> [UInt8] {
        let count = (Int(BN_num_bits(number)) + 7) / 8
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            used = Int(BN_bn2bin(number, buffer.baseAddress))
        }
    }
}

/// The X.509 form of a public key (RFC 5280 §4.1.2.7).
enum SubjectPublicKeyInfo {
    /// - Returns: nil if the key is not RSA.
    static func rsa(_ key: PublicKey) -> [UInt8]? {
        var reader = WireReader(key.blob)
        guard reader.string().map({ $0.elementsEqual("ssh-rsa".utf8) }) == true, let e = reader.string(),
            let n = reader.string(), let rsa = RSA_new()
        else { return nil }
        defer { RSA_free(rsa) }
        let numbers = [n, e]
            .map { bytes in bytes.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress, Int32($0.count), nil) } }
        guard RSA_set0_key(rsa, numbers[0], numbers[1], nil) == 1 else { return nil }
        let length = Int(i2d_RSA_PUBKEY(rsa, nil))
        guard length > 0 else { return nil }
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var position = buffer.baseAddress
            count = max(0, Int(i2d_RSA_PUBKEY(rsa, &position)))
        }
    }
}
