// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
package import LatchkeyModel
package import LatchkeySystem

/// A private key in the clear, to sign, decrypt and convert with. Its numbers are in memory that is locked and wiped at
/// the end; they leave it only in what ``text(_:comment:passphrase:)`` returns.
///
/// Does not change after it was made, and OpenSSL's functions on it are safe on several threads at once: hence
/// `@unchecked`.
package final class PrivateKey: Signer, @unchecked Sendable {
    let material: KeyMaterial
    package let publicKey: PublicKey
    /// The form that it was read in.
    package let format: KeyFormat
    /// What stood beside it; not safe for a terminal yet. Empty where the form has none.
    package let comment: String

    /// - Parameter passphrase: nil for a text that is not encrypted.
    /// - Throws: `locked` if it is encrypted and no passphrase was given, `wrongPassphrase`, `notAKey`, `malformed` (its
    ///   parts do not belong together, too), `unsupported`, `tooCostly`.
    package init(_ text: borrowing Secret, passphrase: borrowing Secret?) throws(KeyFault) {
        let opened = try PrivateKeyText.open(text, passphrase: passphrase)
        guard opened.material.isConsistent else { throw .malformed }
        (publicKey, format, comment) = (opened.material.publicKey, opened.format, opened.comment)
        material = opened.takeMaterial()
    }

    /// A new key, which is nowhere else yet.
    init(_ kind: KeyMaterial.Kind, comment: String) throws(KeyFault) {
        let material = try KeyMaterial.generate(kind)
        publicKey = material.publicKey
        format = kind == .ed25519 ? .openssh : .pkcs8
        self.comment = comment
        self.material = material
    }

    /// A new key for one connection, which exists in this process's memory and nowhere else, and is wiped with it.
    ///
    /// - Throws: `unsupported` if OpenSSL cannot make one.
    package static func oneTime() throws(KeyFault) -> PrivateKey { try PrivateKey(.ed25519, comment: "") }

    /// The fingerprint that EC2 shows for a key that it made itself.
    package var pkcs8SHA1: [UInt8]? { material.pkcs8SHA1 }

    /// The key's text in another form.
    ///
    /// - Parameter passphrase: what it is put behind; nil, or of no length, to leave it in the clear.
    /// - Throws: `unsupported` if the form cannot hold this kind of key.
    package func text(
        _ format: KeyFormat,
        comment: String,
        passphrase: borrowing Secret?
    ) throws(KeyFault) -> Secret {
        try PrivateKeyText.encode(material, format, comment: comment, passphrase: passphrase)
    }

    // MARK: Using it

    /// The flags of draft-ietf-sshm-ssh-agent §3.6.1 choose RSA's hash; without one it would be SHA-1, which is refused.
    package func sign(_ message: [UInt8], flags: UInt32) -> [UInt8]? {
        let (algorithm, digest): (String, OpaquePointer?)
        switch material {
        case .ed25519: (algorithm, digest) = ("ssh-ed25519", nil)
        case .ecdsa(let key): (algorithm, digest) = (key.curve.algorithm, key.curve.digest)
        case .rsa where flags & SSHAgentFlag.rsaSHA512 != 0: (algorithm, digest) = ("rsa-sha2-512", EVP_sha512())
        case .rsa where flags & SSHAgentFlag.rsaSHA256 != 0: (algorithm, digest) = ("rsa-sha2-256", EVP_sha256())
        case .rsa: return nil
        }
        guard var signature = rawSignature(of: message, digest) else { return nil }
        if publicKey.typeName == "ecdsa" {
            guard let pair = PrivateKey.numbers(ofSignature: signature) else { return nil }
            signature = pair
        }
        // "string signature format identifier, string signature blob" (RFC 4253 §6.6).
        var writer = WireWriter()
        writer.string(algorithm)
        writer.string(signature)
        return writer.bytes
    }

    private func rawSignature(of message: [UInt8], _ digest: OpaquePointer?) -> [UInt8]? {
        guard let key = material.makeEVPKey(), let context = EVP_MD_CTX_new() else { return nil }
        defer {
            EVP_PKEY_free(key)
            EVP_MD_CTX_free(context)
        }
        var length = 0
        guard EVP_DigestSignInit(context, nil, digest, nil, key) == 1,
            EVP_DigestSign(context, nil, &length, message, message.count) == 1
        else { return nil }
        let signature = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = length
            if EVP_DigestSign(context, buffer.baseAddress, &count, message, message.count) != 1 { count = 0 }
        }
        return signature.isEmpty ? nil : signature
    }

    /// RFC 5656 §3.1.2: "mpint r, mpint s", from the DER that OpenSSL makes.
    private static func numbers(ofSignature der: [UInt8]) -> [UInt8]? {
        der.withUnsafeBufferPointer { buffer -> [UInt8]? in
            var position = buffer.baseAddress
            guard let signature = d2i_ECDSA_SIG(nil, &position, buffer.count) else { return nil }
            defer { ECDSA_SIG_free(signature) }
            var writer = WireWriter()
            for number in [ECDSA_SIG_get0_r(signature), ECDSA_SIG_get0_s(signature)] {
                let bytes = [UInt8](unsafeUninitializedCapacity: 66) { buffer, count in
                    count = max(0, Int(BN_bn2binpad(number, buffer.baseAddress, 66)))
                }
                writer.mpint(bytes)
            }
            return writer.bytes
        }
    }

    /// Undoes RSA encryption with the padding of PKCS#1 v1.5 (RFC 8017 §7.2.2).
    ///
    /// - Returns: nil for any failure; which one it was must not be told, or it could be used to ask the key questions.
    package func decrypt(_ ciphertext: [UInt8]) -> Secret? {
        guard material.isRSA, let key = material.makeEVPKey(), let context = EVP_PKEY_CTX_new(key, nil) else {
            return nil
        }
        defer {
            EVP_PKEY_free(key)
            EVP_PKEY_CTX_free(context)
        }
        guard EVP_PKEY_decrypt_init(context) == 1, lk_rsa_pkcs1_padding(context) == 1 else { return nil }
        var plain = Secret(capacity: Int(EVP_PKEY_get_size(key)))
        let count = plain.fill { buffer in
            var length = buffer.count
            let target = buffer.bindMemory(to: UInt8.self).baseAddress
            return EVP_PKEY_decrypt(context, target, &length, ciphertext, ciphertext.count) == 1 ? length : -1
        }
        guard count >= 0 else { return nil }
        return plain
    }
}
