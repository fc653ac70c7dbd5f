// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// An RSA private key in OpenSSL's hands, which wipes it when it is freed.
struct RSAKey: ~Copyable {
    /// The sizes that are taken. Below 1024 bits a key protects nothing; OpenSSL itself ends at 16384.
    static let sizes = 1024...16384

    let pointer: OpaquePointer

    /// RFC 8017 A.1.2, `RSAPrivateKey`.
    init(pkcs1 der: UnsafeRawBufferPointer) throws(KeyFault) {
        SecureHeap.prepare()
        var position = der.bindMemory(to: UInt8.self).baseAddress
        guard let key = d2i_RSAPrivateKey(nil, &position, der.count) else { throw .malformed }
        try self.init(owning: key)
    }

    /// From its numbers, each big-endian; the three exponents of the Chinese remainder theorem follow from the others.
    init(
        n: UnsafeRawBufferPointer,
        e: UnsafeRawBufferPointer,
        d: UnsafeRawBufferPointer,
        p: UnsafeRawBufferPointer,
        q: UnsafeRawBufferPointer,
        inverse: UnsafeRawBufferPointer
    ) throws(KeyFault) {
        SecureHeap.prepare()
        // No honest key is longer; OpenSSL's division below is quadratic.
        guard n.count <= 2049, e.count <= 2049, d.count <= 2049, p.count <= 1025, q.count <= 1025,
            inverse.count <= 1025, let key = RSA_new()
        else { throw .malformed }
        let numbers = [
            RSAKey.number(n), RSAKey.number(e), RSAKey.secret(d), RSAKey.secret(p), RSAKey.secret(q),
            RSAKey.remainder(d, p), RSAKey.remainder(d, q), RSAKey.secret(inverse),
        ]
        // Either all are the key's, or none is.
        guard numbers.allSatisfy({ $0 != nil }) else {
            for number in numbers { BN_clear_free(number) }
            RSA_free(key)
            throw .malformed
        }
        RSA_set0_key(key, numbers[0], numbers[1], numbers[2])
        RSA_set0_factors(key, numbers[3], numbers[4])
        RSA_set0_crt_params(key, numbers[5], numbers[6], numbers[7])
        try self.init(owning: key)
    }

    private init(owning key: OpaquePointer) throws(KeyFault) {
        let bits = Int(RSA_bits(key))
        guard RSAKey.sizes.contains(bits) else {
            RSA_free(key)
            throw .unsupported("an RSA key of \(bits) bits")
        }
        pointer = key
    }

    /// A new key of so many bits with the exponent 65537.
    static func generate(bits: Int) throws(KeyFault) -> RSAKey { try RSAKey(bits: bits) }

    private init(bits: Int) throws(KeyFault) {
        SecureHeap.prepare()
        guard let key = RSA_new() else { throw .malformed }
        let exponent = BN_new()
        defer { BN_free(exponent) }
        guard BN_set_word(exponent, UInt(RSA_F4)) == 1, RSA_generate_key_ex(key, Int32(bits), exponent, nil) == 1
        else {
            RSA_free(key)
            throw .unreadable("the system's random numbers cannot be read")
        }
        pointer = key
    }

    deinit { RSA_free(pointer) }

    var publicKey: PublicKey { RSAKey.publicKey(of: pointer) }

    /// RFC 4253 §6.6: "string "ssh-rsa", mpint e, mpint n".
    ///
    /// - Parameter key: OpenSSL's, of which the public half is enough.
    static func publicKey(of key: OpaquePointer) -> PublicKey {
        var writer = WireWriter()
        writer.string("ssh-rsa")
        writer.mpint(bytes(RSA_get0_e(key)))
        writer.mpint(bytes(RSA_get0_n(key)))
        guard let key = PublicKey(blob: writer.bytes) else { preconditionFailure("an RSA key always has a wire form") }
        return key
    }

    /// Whether the numbers belong together: n = pq, ed = 1 modulo p - 1 and q - 1, and the inverse is one (RFC 8017 §3.2).
    ///
    /// OpenSSL's own check leaves φ(n) and others, from which the key follows, behind in ordinary memory.
    var isConsistent: Bool {
        guard let context = BN_CTX_secure_new() else { return false }
        BN_CTX_start(context)
        defer {
            BN_CTX_end(context)
            BN_CTX_free(context)
        }
        let (product, lessOne) = (BN_CTX_get(context), BN_CTX_get(context))
        let (n, e, d) = (RSA_get0_n(pointer), RSA_get0_e(pointer), RSA_get0_d(pointer))
        let (p, q, inverse) = (RSA_get0_p(pointer), RSA_get0_q(pointer), RSA_get0_iqmp(pointer))
        guard lessOne != nil, p != nil, q != nil, inverse != nil, d != nil else { return false }
        guard BN_mul(product, p, q, context) == 1, BN_cmp(product, n) == 0 else { return false }
        for prime in [p, q] {
            guard BN_copy(lessOne, prime) != nil, BN_sub_word(lessOne, 1) == 1, BN_is_zero(lessOne) == 0,
                BN_mod_mul(product, e, d, lessOne, context) == 1, BN_is_one(product) == 1
            else { return false }
        }
        return BN_mod_mul(product, inverse, q, p, context) == 1 && BN_is_one(product) == 1
    }

    /// RFC 8017 A.1.2.
    ///
    /// - Throws: `unsupported` if OpenSSL cannot write it.
    func pkcs1() throws(KeyFault) -> Secret { try Secret(der: { i2d_RSAPrivateKey(pointer, $0) }) }

    /// The private numbers in the order that a format wants, each as an mpint (RFC 4251 §5).
    enum Part { case n, e, d, p, q, inverse }

    func write(_ parts: [Part], into writer: inout SecretWriter) {
        for part in parts {
            let number =
                switch part {
                case .n: RSA_get0_n(pointer)
                case .e: RSA_get0_e(pointer)
                case .d: RSA_get0_d(pointer)
                case .p: RSA_get0_p(pointer)
                case .q: RSA_get0_q(pointer)
                case .inverse: RSA_get0_iqmp(pointer)
                }
            writer.mpint(number)
        }
    }

    private static func number(_ bytes: UnsafeRawBufferPointer) -> OpaquePointer? {
        BN_bin2bn(bytes.bindMemory(to: UInt8.self).baseAddress, Int32(bytes.count), nil)
    }

    private static func secret(_ bytes: UnsafeRawBufferPointer) -> OpaquePointer? {
        BN_bin2bn(bytes.bindMemory(to: UInt8.self).baseAddress, Int32(bytes.count), BN_secure_new())
    }

    /// d mod (prime - 1), the exponents of the Chinese remainder theorem (RFC 8017 §3.2).
    private static func remainder(_ d: UnsafeRawBufferPointer, _ prime: UnsafeRawBufferPointer) -> OpaquePointer? {
        let (d, lessOne, result, context) = (secret(d), secret(prime), BN_secure_new(), BN_CTX_secure_new())
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
