// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// The form of private keys of RFC 5208 and RFC 5958.
enum PKCS8 {
    /// OpenSSL's own default is 2,048, careful people take a million; ten times that takes some seconds.
    private static let iterationsLimit = 10_000_000
    /// What is written: some tenths of a second for each try.
    private static let freshIterations: Int32 = 600_000

    /// A key in the clear.
    static func decode(_ der: UnsafeRawBufferPointer) throws(KeyFault) -> KeyMaterial {
        if let first = firstVersion(of: der) {
            return try first.withBytes { bytes throws(KeyFault) in try decode(first: bytes) }
        }
        return try decode(first: der)
    }

    private static func decode(first der: UnsafeRawBufferPointer) throws(KeyFault) -> KeyMaterial {
        var position = der.bindMemory(to: UInt8.self).baseAddress
        guard let info = d2i_PKCS8_PRIV_KEY_INFO(nil, &position, der.count) else { throw .malformed }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        return try material(of: info)
    }

    /// A key behind a passphrase.
    ///
    /// - Throws: `wrongPassphrase`, and what ``checkCost(encrypted:)`` and ``decode(_:)`` throw.
    static func decode(_ der: UnsafeRawBufferPointer, passphrase: borrowing Secret) throws(KeyFault) -> KeyMaterial {
        try checkCost(encrypted: der)
        var position = der.bindMemory(to: UInt8.self).baseAddress
        guard let signature = d2i_X509_SIG(nil, &position, der.count) else { throw .malformed }
        defer { X509_SIG_free(signature) }
        var scheme: UnsafePointer<X509_ALGOR>?
        var content: UnsafePointer<ASN1_OCTET_STRING>?
        X509_SIG_get0(signature, &scheme, &content)
        ERR_clear_error()
        var plain: UnsafeMutablePointer<UInt8>?
        var length: Int32 = 0
        let decrypted = passphrase.withCString {
            PKCS12_pbe_crypt(
                scheme,
                $0,
                Int32(passphrase.count),
                ASN1_STRING_get0_data(content),
                ASN1_STRING_length(content),
                &plain,
                &length,
                0
            )
        }
        guard decrypted != nil, let plain else {
            throw OpenSSLErrors.wereUnsupported()
                ? .unsupported("encrypted in a way that this OpenSSL cannot decrypt") : .wrongPassphrase
        }
        defer { CRYPTO_clear_free(plain, Int(length), #fileID, 0) }
        do throws(KeyFault) {
            return try decode(UnsafeRawBufferPointer(start: plain, count: Int(length)))
        } catch {
            // One wrong passphrase in 256 leaves a padding that looks right.
            throw error == .malformed ? .wrongPassphrase : error
        }
    }

    private static func material(of info: OpaquePointer) throws(KeyFault) -> KeyMaterial {
        let (algorithm, inner, identifier) = try parts(of: info)
        switch algorithm {
        case NID_rsaEncryption: return .rsa(try RSAKey(pkcs1: inner))
        case NID_X9_62_id_ecPublicKey:
            let group = try group(of: identifier)
            defer { EC_GROUP_free(group) }
            return .ecdsa(try ECKey(sec1: inner, group: group))
        case NID_ED25519: return .ed25519(try ed25519(inner))
        case NID_dsa: throw .unsupported("a DSA key")
        case NID_ED448: throw .unsupported(KeyFault.ed448)
        case NID_undef: throw .unsupported("of a kind that this OpenSSL does not know")
        default:
            let name = OBJ_nid2sn(algorithm).map { String(cString: $0).terminalSafe }
            throw .unsupported("of the kind '\(name ?? "unknown")', which SSH does not know")
        }
    }

    /// The DER of a key in the clear.
    ///
    /// - Throws: `unsupported` if OpenSSL cannot write it.
    static func encode(_ key: borrowing KeyMaterial) throws(KeyFault) -> Secret {
        let info = try PKCS8.info(key)
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        return try Secret(der: { i2d_PKCS8_PRIV_KEY_INFO(info, $0) })
    }

    /// The DER of a key behind a passphrase: PBES2 with AES-256 and PBKDF2 of HMAC-SHA-256 (RFC 8018 §6.2).
    static func encode(_ key: borrowing KeyMaterial, passphrase: borrowing Secret) throws(KeyFault) -> Secret {
        let info = try PKCS8.info(key)
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        var salt = Salt.fresh()
        let made = PKCS5_pbe2_set_iv(
            EVP_aes_256_cbc(),
            freshIterations,
            &salt,
            Int32(salt.count),
            nil,
            NID_hmacWithSHA256
        )
        guard let scheme = made else { throw .unsupported("not to be encrypted by this OpenSSL") }
        let encrypted = passphrase.withCString { PKCS8_set0_pbe($0, Int32(passphrase.count), info, scheme) }
        guard let encrypted else {
            X509_ALGOR_free(scheme)
            throw .unsupported("not to be encrypted by this OpenSSL")
        }
        defer { X509_SIG_free(encrypted) }
        return try Secret(der: { i2d_X509_SIG(encrypted, $0) })
    }

    /// To be freed by the caller. Made by hand, since OpenSSL's own encoder leaves a copy of the key behind.
    private static func info(_ key: borrowing KeyMaterial) throws(KeyFault) -> OpaquePointer {
        let inner: Secret
        switch key {
        case .rsa(let key): inner = try key.pkcs1()
        case .ecdsa(let key): inner = try key.sec1(namesCurve: false)
        case .ed25519(let key):
            // RFC 8410 §7: the seed in an OCTET STRING.
            var wrapped = Secret(capacity: 34)
            _ = wrapped.append(4)
            _ = wrapped.append(32)
            _ = key.seed.withBytes { wrapped.append($0) }
            inner = wrapped
        }
        guard let info = PKCS8_PRIV_KEY_INFO_new() else { throw .unsupported("not to be written by this OpenSSL") }
        let isSet =
            switch key {
            // RFC 8017 A.1: "the parameters field … shall have a value of type NULL".
            case .rsa: set(info, NID_rsaEncryption, V_ASN1_NULL, nil, inner)
            // RFC 5480 §2.1.1: the parameters name the curve.
            case .ecdsa(let key):
                set(
                    info,
                    NID_X9_62_id_ecPublicKey,
                    V_ASN1_OBJECT,
                    UnsafeMutableRawPointer(OBJ_nid2obj(key.curve.identifier)),
                    inner
                )
            // RFC 8410 §3: no parameters.
            case .ed25519: set(info, NID_ED25519, V_ASN1_UNDEF, nil, inner)
            }
        guard isSet else {
            PKCS8_PRIV_KEY_INFO_free(info)
            throw .unsupported("not to be written by this OpenSSL")
        }
        return info
    }

    /// `info` takes a copy of the key that it wipes when it is freed.
    private static func set(
        _ info: OpaquePointer,
        _ algorithm: Int32,
        _ type: Int32,
        _ parameters: UnsafeMutableRawPointer?,
        _ inner: borrowing Secret
    ) -> Bool {
        inner.withBytes { bytes in
            guard let copy = CRYPTO_memdup(bytes.baseAddress, bytes.count, #fileID, 0) else { return false }
            let content = copy.assumingMemoryBound(to: UInt8.self)
            let object = OBJ_nid2obj(algorithm)
            if PKCS8_pkey_set0(info, object, 0, type, parameters, content, Int32(bytes.count)) == 1 { return true }
            CRYPTO_clear_free(copy, bytes.count, #fileID, 0)
            return false
        }
    }

    /// The algorithm's number, the key inside, and the algorithm's parameters; valid as long as `info` is.
    private static func parts(
        of info: OpaquePointer
    ) throws(KeyFault) -> (Int32, UnsafeRawBufferPointer, UnsafePointer<X509_ALGOR>?) {
        var algorithm: OpaquePointer?
        var content: UnsafePointer<UInt8>?
        var length: Int32 = 0
        var identifier: UnsafePointer<X509_ALGOR>?
        guard PKCS8_pkey_get0(&algorithm, &content, &length, &identifier, info) == 1 else { throw .malformed }
        return (OBJ_obj2nid(algorithm), UnsafeRawBufferPointer(start: content, count: Int(length)), identifier)
    }

    /// RFC 8410 §7: "CurvePrivateKey ::= OCTET STRING", 32 bytes: tag 4, length 32.
    private static func ed25519(_ inner: UnsafeRawBufferPointer) throws(KeyFault) -> Ed25519Key {
        guard inner.count == 34, inner[0] == 4, inner[1] == 32 else { throw .malformed }
        var seed = Secret(capacity: 32)
        _ = seed.append(UnsafeRawBufferPointer(rebasing: inner[2...]))
        return try Ed25519Key(seed: seed)
    }

    /// RFC 5480 §2.1.1: the parameters are the curve's name, or (RFC 3279 §2.3.5) the curve number by number. To be freed
    /// by the caller.
    private static func group(of identifier: UnsafePointer<X509_ALGOR>?) throws(KeyFault) -> OpaquePointer {
        var type: Int32 = 0
        var value: UnsafeRawPointer?
        X509_ALGOR_get0(nil, &type, &value, identifier)
        var group: OpaquePointer?
        if type == V_ASN1_OBJECT, let value {
            group = EC_GROUP_new_by_curve_name(OBJ_obj2nid(OpaquePointer(value)))
        } else if type == V_ASN1_SEQUENCE, let value {
            let sequence = value.assumingMemoryBound(to: ASN1_STRING.self)
            var start = ASN1_STRING_get0_data(sequence)
            group = d2i_ECPKParameters(nil, &start, Int(ASN1_STRING_length(sequence)))
        }
        guard let group else { throw .unsupported("on a curve that this OpenSSL does not know") }
        return group
    }

    /// Refuses a file whose passphrase would take for ever to try (RFC 8018 A.2 to A.4, RFC 7914 §7).
    static func checkCost(encrypted der: UnsafeRawBufferPointer) throws(KeyFault) {
        var position = der.bindMemory(to: UInt8.self).baseAddress
        guard let signature = d2i_X509_SIG(nil, &position, der.count) else { throw .malformed }
        defer { X509_SIG_free(signature) }
        var identifier: UnsafePointer<X509_ALGOR>?
        X509_SIG_get0(signature, &identifier, nil)
        guard let (scheme, parameters) = sequence(of: identifier) else {
            throw .unsupported("encrypted in an unknown way")
        }
        var start = ASN1_STRING_get0_data(parameters)
        let length = Int(ASN1_STRING_length(parameters))
        if scheme == NID_pbes2 {
            guard let parameters = d2i_PBE2PARAM(nil, &start, length) else { throw .malformed }
            defer { PBE2PARAM_free(parameters) }
            try checkCost(derivation: parameters.pointee.keyfunc)
        } else {
            // RFC 8018 A.3 and RFC 7292 appendix C have the same two parameters: salt and iterations.
            guard let parameters = d2i_PBEPARAM(nil, &start, length) else { throw .malformed }
            defer { PBEPARAM_free(parameters) }
            try check(iterations: parameters.pointee.iter)
        }
    }

    private static func checkCost(derivation: UnsafePointer<X509_ALGOR>?) throws(KeyFault) {
        guard let (function, parameters) = sequence(of: derivation) else { throw .malformed }
        var start = ASN1_STRING_get0_data(parameters)
        let length = Int(ASN1_STRING_length(parameters))
        switch function {
        case NID_id_pbkdf2:
            guard let parameters = d2i_PBKDF2PARAM(nil, &start, length) else { throw .malformed }
            defer { PBKDF2PARAM_free(parameters) }
            try check(iterations: parameters.pointee.iter)
        case NID_id_scrypt:
            guard let parameters = d2i_SCRYPT_PARAMS(nil, &start, length) else { throw .malformed }
            defer { SCRYPT_PARAMS_free(parameters) }
            // The memory, N times r, is bounded by OpenSSL itself (32 MiB); p multiplies the work (RFC 7914 §2).
            let lanes = ASN1_INTEGER_get(parameters.pointee.parallelizationParameter)
            guard (1...16).contains(lanes) else { throw .tooCostly("\(lanes) scrypt lanes") }
        default: throw .unsupported("encrypted in an unknown way")
        }
    }

    private static func check(iterations number: UnsafeMutablePointer<ASN1_INTEGER>?) throws(KeyFault) {
        let iterations = ASN1_INTEGER_get(number)
        guard iterations >= 0, iterations <= iterationsLimit else { throw .tooCostly("\(iterations) iterations") }
    }

    /// An algorithm's number and its parameters, where they are a sequence.
    private static func sequence(
        of identifier: UnsafePointer<X509_ALGOR>?
    ) -> (algorithm: Int32, parameters: UnsafePointer<ASN1_STRING>)? {
        var object: OpaquePointer?
        var type: Int32 = 0
        var value: UnsafeRawPointer?
        X509_ALGOR_get0(&object, &type, &value, identifier)
        guard type == V_ASN1_SEQUENCE, let value else { return nil }
        return (OBJ_obj2nid(object), value.assumingMemoryBound(to: ASN1_STRING.self))
    }
}
