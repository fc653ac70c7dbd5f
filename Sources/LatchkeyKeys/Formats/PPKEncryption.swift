// SPDX-License-Identifier: Apache-2.0

internal import CLibArgon2
internal import CLibCrypto
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// How PuTTY's private part is encrypted and authenticated: AES-256 in CBC mode or not at all, the keys made by SHA-1
/// (version 2) or Argon2 (version 3).
struct PPKEncryption {
    let version: PPK.Version
    let isEncrypted: Bool
    /// Only in an encrypted file of version 3.
    private let argon2: Argon2?

    /// Reads what stands between the public and the private half.
    init(cipher: String, _ version: PPK.Version, _ reader: inout PPK.FieldReader) throws(KeyFault) {
        guard ["none", "aes256-cbc"].contains(cipher) else {
            throw .unsupported("encrypted with \(cipher.terminalSafe)")
        }
        self.version = version
        isEncrypted = cipher != "none"
        argon2 = isEncrypted && version == .three ? try Argon2(&reader) : nil
    }

    /// For a key that is to be written; a new salt where there is one.
    init(fresh version: PPK.Version, isEncrypted: Bool) {
        self.version = version
        self.isEncrypted = isEncrypted
        argon2 = isEncrypted && version == .three ? Argon2(salt: Salt.fresh()) : nil
    }

    var cipherName: String { isEncrypted ? "aes256-cbc" : "none" }

    /// The lines that stand between the public and the private half.
    var headerLines: String {
        guard let argon2 else { return "" }
        return """
            Key-Derivation: \(argon2.flavour)
            Argon2-Memory: \(argon2.memory)
            Argon2-Passes: \(argon2.passes)
            Argon2-Parallelism: \(argon2.lanes)
            Argon2-Salt: \(argon2.salt.map(Fingerprint.hexadecimal).joined())

            """
    }

    /// The parameters that stand in the file (RFC 9106 §3.1).
    struct Argon2: Equatable {
        /// More would make the machine swap; PuTTY itself writes 8 MiB.
        private static let memoryLimit = 1 << 20
        /// Passes times memory, in KiB: some seconds of work. PuTTY itself writes what takes a tenth of a second.
        private static let workLimit = 1 << 24
        private static let lanesLimit = 64

        let flavour: String
        /// KiB.
        let memory: Int
        let passes: Int
        let lanes: Int
        let salt: [UInt8]

        var type: Argon2_type {
            switch flavour {
            case "Argon2d": Argon2_d
            case "Argon2i": Argon2_i
            default: Argon2_id
            }
        }

        /// - Throws: `malformed`, `unsupported`, `tooCostly`.
        init(_ reader: inout PPK.FieldReader) throws(KeyFault) {
            flavour = try reader.field("Key-Derivation")
            memory = try reader.number("Argon2-Memory")
            passes = try reader.number("Argon2-Passes")
            lanes = try reader.number("Argon2-Parallelism")
            guard let salt = PPK.FieldReader.bytes(ofHexadecimal: try reader.field("Argon2-Salt")) else {
                throw .malformed
            }
            self.salt = salt
            guard ["Argon2d", "Argon2i", "Argon2id"].contains(flavour) else {
                throw .unsupported("encrypted by way of \(flavour.terminalSafe)")
            }
            guard memory <= Argon2.memoryLimit, lanes <= Argon2.lanesLimit,
                passes <= Argon2.workLimit / max(1, memory)
            else { throw .tooCostly("Argon2 with \(memory) KiB, \(passes) passes, \(lanes) lanes") }
            guard passes > 0, lanes > 0, memory >= 8 * lanes, (8...1024).contains(salt.count) else { throw .malformed }
        }

        /// What PuTTY would choose on a machine of today.
        init(salt: [UInt8]) {
            (flavour, memory, passes, lanes) = ("Argon2id", 8192, 21, 1)
            self.salt = salt
        }
    }

    /// What the passphrase is made into: 32 bytes for the cipher, 16 for its initialization vector, the rest for the code.
    struct Keys: ~Copyable {
        fileprivate let bytes: Secret

        fileprivate func withParts<Value: ~Copyable>(
            _ body: (_ key: UnsafeRawBufferPointer, _ initialization: UnsafeRawBufferPointer) -> Value
        ) -> Value {
            bytes.withBytes { bytes in
                body(
                    UnsafeRawBufferPointer(rebasing: bytes[..<32]),
                    UnsafeRawBufferPointer(rebasing: bytes[32..<48])
                )
            }
        }
    }

    /// - Parameter passphrase: of no length for a file that is not encrypted.
    func keys(_ passphrase: borrowing Secret) throws(KeyFault) -> Keys {
        if let argon2 { return Keys(bytes: try argon2.derive(passphrase)) }
        var bytes = Secret(capacity: 48 + 20)
        // "SHA-1(uint32 0, passphrase) and SHA-1(uint32 1, passphrase)", one behind the other, of which the cipher takes
        // 32 bytes; no initialization vector.
        for counter: UInt8 in 0...1 {
            PPKEncryption.sha1([0, 0, 0, counter], passphrase)
                .withBytes { digest in
                    for byte in digest where bytes.count < 32 { _ = bytes.append(byte) }
                }
        }
        while bytes.count < 48 { _ = bytes.append(0) }
        // Version 3 has an empty key for the code of what is not encrypted.
        if version == .two {
            _ = PPKEncryption.sha1(Array("putty-private-key-file-mac-key".utf8), passphrase)
                .withBytes { bytes.append($0) }
        }
        return Keys(bytes: bytes)
    }

    private static func sha1(_ prefix: [UInt8], _ passphrase: borrowing Secret) -> Secret {
        var input = Secret(capacity: prefix.count + passphrase.count)
        for byte in prefix { _ = input.append(byte) }
        _ = passphrase.withBytes { input.append($0) }
        var digest = Secret(capacity: 20)
        _ = digest.fill { target in input.withBytes { Digest.sha1($0, into: target) } }
        return digest
    }

    /// The code over the message that ``PPK`` makes: HMAC of SHA-1 or SHA-256.
    func code(over message: borrowing Secret, _ keys: borrowing Keys) -> [UInt8] {
        let digest = version == .two ? EVP_sha1() : EVP_sha256()
        return keys.bytes.withBytes { bytes in
            message.withBytes { MAC.hmac(digest, key: UnsafeRawBufferPointer(rebasing: bytes[48...]), $0) }
        }
    }

    /// - Returns: nil if the content is not whole blocks.
    func decrypt(_ content: borrowing Secret, _ keys: borrowing Keys) -> Secret? {
        guard isEncrypted else { return content.withBytes { Secret(copying: $0) } }
        return keys.withParts { key, initialization in
            content.withBytes { PPKEncryption.cipher.decrypt($0, key: key, initialization: initialization) }
        }
    }

    /// - Returns: nil if the content is not whole blocks.
    func encrypt(_ content: borrowing Secret, _ keys: borrowing Keys) -> Secret? {
        guard isEncrypted else { return content.withBytes { Secret(copying: $0) } }
        return keys.withParts { key, initialization in
            content.withBytes { PPKEncryption.cipher.encrypt($0, key: key, initialization: initialization) }
        }
    }

    private static var cipher: Cipher { Cipher(algorithm: EVP_aes_256_cbc()) }
}

extension PPKEncryption.Argon2 {
    /// 80 bytes: the cipher's key, its initialization vector, the code's key.
    ///
    /// - Throws: `tooCostly` if the memory is not to be had.
    fileprivate func derive(_ passphrase: borrowing Secret) throws(KeyFault) -> Secret {
        var keys = Secret(capacity: 80)
        _ = keys.fill { target in
            passphrase.withBytes { passphrase in
                // RFC 9106's version, 1.3.
                let status = argon2_hash(
                    UInt32(passes),
                    UInt32(memory),
                    UInt32(lanes),
                    passphrase.baseAddress,
                    passphrase.count,
                    salt,
                    salt.count,
                    target.baseAddress,
                    80,
                    nil,
                    0,
                    type,
                    ARGON2_VERSION_13.rawValue
                )
                return status == ARGON2_OK.rawValue ? 80 : -1
            }
        }
        guard keys.count == 80 else { throw .tooCostly("\(memory) KiB of memory") }
        return keys
    }
}
