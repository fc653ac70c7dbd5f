// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// How the private part of OpenSSH's container is encrypted: a cipher of SSH's, its key made by bcrypt.
struct OpenSSHEncryption {
    /// ssh-keygen's own default is 16 (24 since 9.4); 1,000 rounds take some seconds, 100,000 would take minutes.
    private static let roundsLimit: UInt32 = 8192
    /// What is written.
    private static let freshRounds: UInt32 = 24
    private static let freshCipher = "aes256-ctr"

    let cipherName: String
    private let salt: [UInt8]
    private let rounds: UInt32

    /// "string salt, uint32 rounds".
    init(cipher: String, derivation: String, options: UnsafeRawBufferPointer) throws(KeyFault) {
        guard OpenSSHEncryption.cipher(named: cipher) != nil || cipher == OpenSSHEncryption.chaCha else {
            throw .unsupported("encrypted with \(cipher)")
        }
        guard derivation == "bcrypt" else { throw .unsupported("encrypted by way of \(derivation)") }
        var reader = SecretReader(options)
        guard let salt = reader.string(), !salt.isEmpty, let rounds = reader.uint32(), rounds > 0 else {
            throw .malformed
        }
        guard rounds <= OpenSSHEncryption.roundsLimit else { throw .tooCostly("\(rounds) bcrypt rounds") }
        cipherName = cipher
        self.salt = Array(salt)
        self.rounds = rounds
    }

    private init(cipher: String, salt: [UInt8], rounds: UInt32) {
        cipherName = cipher
        self.salt = salt
        self.rounds = rounds
    }

    /// A new salt, and what careful people would choose.
    static func fresh() -> OpenSSHEncryption {
        OpenSSHEncryption(cipher: freshCipher, salt: Salt.fresh(), rounds: freshRounds)
    }

    /// The options as they stand in the container.
    var options: [UInt8] {
        var writer = WireWriter()
        writer.string(salt)
        writer.uint32(rounds)
        return writer.bytes
    }

    /// What the private part is padded to, in bytes.
    var blockLength: Int { 16 }

    /// - Returns: nil for a name that is not one of OpenSSL's ciphers.
    private static func cipher(named name: String) -> Cipher? {
        switch name {
        case "aes128-cbc": Cipher(algorithm: EVP_aes_128_cbc())
        case "aes192-cbc": Cipher(algorithm: EVP_aes_192_cbc())
        case "aes256-cbc": Cipher(algorithm: EVP_aes_256_cbc())
        case "aes128-ctr": Cipher(algorithm: EVP_aes_128_ctr())
        case "aes192-ctr": Cipher(algorithm: EVP_aes_192_ctr())
        case "aes256-ctr": Cipher(algorithm: EVP_aes_256_ctr())
        case "3des-cbc": Cipher(algorithm: EVP_des_ede3_cbc())
        case "aes128-gcm@openssh.com": Cipher(algorithm: EVP_aes_128_gcm())
        case "aes256-gcm@openssh.com": Cipher(algorithm: EVP_aes_256_gcm())
        default: nil
        }
    }

    private static let chaCha = "chacha20-poly1305@openssh.com"

    /// - Returns: nil if the tag or the length does not fit; where the cipher has no tag, the caller has to look.
    func decrypt(_ bytes: UnsafeRawBufferPointer, tag: [UInt8], passphrase: borrowing Secret) -> Secret? {
        guard let cipher = OpenSSHEncryption.cipher(named: cipherName) else {
            return decryptChaCha(bytes, tag: tag, passphrase: passphrase)
        }
        let isAuthenticated = cipherName.contains("gcm")
        guard tag.count == (isAuthenticated ? 16 : 0) else { return nil }
        return withKey(of: cipher, passphrase) { key, initialization in
            cipher.decrypt(bytes, key: key, initialization: initialization, tag: isAuthenticated ? tag : nil)
        }
    }

    func encrypt(_ content: borrowing Secret, passphrase: borrowing Secret) -> Secret? {
        guard let cipher = OpenSSHEncryption.cipher(named: cipherName) else { return nil }
        return withKey(of: cipher, passphrase) { key, initialization in
            content.withBytes { cipher.encrypt($0, key: key, initialization: initialization) }
        }
    }

    private func withKey(
        of cipher: Cipher,
        _ passphrase: borrowing Secret,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Secret?
    ) -> Secret? {
        let length = cipher.keyLength + cipher.initializationLength
        let derived = passphrase.withBytes {
            BcryptPBKDF.derive(passphrase: $0, salt: salt, rounds: rounds, length: length)
        }
        return derived.withBytes { bytes in
            body(
                UnsafeRawBufferPointer(rebasing: bytes[..<cipher.keyLength]),
                UnsafeRawBufferPointer(rebasing: bytes[cipher.keyLength...])
            )
        }
    }

    /// As OpenSSH's PROTOCOL.chacha20poly1305 has it, with the sequence number 0: the first half of the key is the main
    /// one, its first block of output Poly1305's key, the content begins with the second.
    private func decryptChaCha(_ bytes: UnsafeRawBufferPointer, tag: [UInt8], passphrase: borrowing Secret) -> Secret? {
        let derived = passphrase.withBytes {
            BcryptPBKDF.derive(passphrase: $0, salt: salt, rounds: rounds, length: 64)
        }
        let cipher = Cipher(algorithm: EVP_chacha20())
        return derived.withBytes { derived -> Secret? in
            let key = UnsafeRawBufferPointer(rebasing: derived[..<32])
            // The block counter, little-endian, and the nonce behind it.
            func counter(_ value: UInt8) -> Secret {
                var counter = Secret(capacity: 16)
                for index in 0..<16 { _ = counter.append(index == 0 ? value : 0) }
                return counter
            }
            var nothing = Secret(capacity: 32)
            for _ in 0..<32 { _ = nothing.append(0) }
            let first = counter(0)
                .withBytes { counter in
                    nothing.withBytes { cipher.encrypt($0, key: key, initialization: counter) }
                }
            guard let authenticator = first,
                authenticator.withBytes({ MAC.isEqual(MAC.poly1305(key: $0, bytes), tag) })
            else { return nil }
            return counter(1).withBytes { cipher.decrypt(bytes, key: key, initialization: $0) }
        }
    }
}
