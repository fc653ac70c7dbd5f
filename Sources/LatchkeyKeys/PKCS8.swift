// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
package import LatchkeyModel

/// The form of private keys of RFC 5208 and RFC 5958.
package enum PKCS8 {
    /// OpenSSL's own default is 2,048, careful people take a million; ten times that takes some seconds.
    private static let iterationsLimit = 10_000_000

    static func describe(_ der: UnsafeRawBufferPointer) throws(KeyFault) -> KeyDescription {
        var position = der.bindMemory(to: UInt8.self).baseAddress
        guard let info = d2i_PKCS8_PRIV_KEY_INFO(nil, &position, der.count) else { throw .malformed }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        let (algorithm, inner, identifier) = try parts(of: info)
        switch algorithm {
        case NID_rsaEncryption: return described(try RSAKey(pkcs1: inner))
        case NID_X9_62_id_ecPublicKey: return described(try ECKey(sec1: inner, curve: try curve(of: identifier)))
        case NID_ED25519: return described(try ed25519(inner))
        case NID_dsa: throw .unsupported("a DSA key")
        default: throw .unsupported("of a kind that SSH does not know")
        }
    }

    /// An ED25519 key in OpenSSH's form, unencrypted, since libssh does not read this kind from PKCS#8.
    ///
    /// - Parameter passphrase: of an encrypted key; nil for one that is not.
    /// - Returns: nil if the text is of another kind or format, or the passphrase is wrong.
    package static func openSSHText(of text: borrowing Secret, passphrase: borrowing Secret?) -> Secret? {
        guard let armour = try? Armour.decode(text) else { return nil }
        let info = armour.content.withBytes { der -> OpaquePointer? in
            var position = der.bindMemory(to: UInt8.self).baseAddress
            switch armour.label {
            case "PRIVATE KEY": return d2i_PKCS8_PRIV_KEY_INFO(nil, &position, der.count)
            case "ENCRYPTED PRIVATE KEY":
                guard let signature = d2i_X509_SIG(nil, &position, der.count) else { return nil }
                defer { X509_SIG_free(signature) }
                switch passphrase {
                case .none: return nil
                case .some(let passphrase):
                    return passphrase.withCString { PKCS8_decrypt(signature, $0, Int32(passphrase.count)) }
                }
            default: return nil
            }
        }
        guard let info else { return nil }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        guard let (algorithm, inner, _) = try? parts(of: info), algorithm == NID_ED25519, let key = try? ed25519(inner)
        else { return nil }
        let container = key.seed.withBytes { OpenSSHContainer.ed25519(seed: $0, publicKey: key.publicKey, comment: "") }
        return Armour.encode(label: "OPENSSH PRIVATE KEY", container)
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

    private static func described(_ key: borrowing some PublicHalf & ~Copyable) -> KeyDescription {
        KeyDescription(format: .pkcs8, isEncrypted: false, publicKey: key.publicKey, pkcs8SHA1: key.pkcs8SHA1)
    }

    private static func curve(of identifier: UnsafePointer<X509_ALGOR>?) throws(KeyFault) -> Int32 {
        var type: Int32 = 0
        var value: UnsafeRawPointer?
        X509_ALGOR_get0(nil, &type, &value, identifier)
        guard type == V_ASN1_OBJECT, let value else { throw .unsupported("on a curve without a name") }
        return OBJ_obj2nid(OpaquePointer(value))
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
