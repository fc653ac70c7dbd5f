// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// PuTTY's private key file, versions 2 and 3 (PuTTY's manual, appendix C).
///
/// Header lines, the public half in base64, the private half in base64, and a code over all of it that also tells a
/// wrong passphrase. The public half can be read without one.
struct PPK: ~Copyable {
    static let mark = "PuTTY-User-Key-File-"

    enum Version: Int { case two = 2, three = 3 }

    let version: Version
    let publicKey: PublicKey
    /// In whatever encoding it was written.
    let comment: [UInt8]
    let encryption: PPKEncryption
    /// Encrypted or not, padded to whole blocks where it is.
    let content: Secret
    private let code: [UInt8]

    /// Reads the file's parts, without the passphrase.
    ///
    /// - Throws: `malformed`, `unsupported`, `tooCostly`.
    init(_ text: UnsafeRawBufferPointer) throws(KeyFault) {
        var reader = FieldReader(text)
        guard let first = reader.line(), let separator = first.firstIndex(of: UInt8(ascii: ":")) else {
            throw .malformed
        }
        let name = String(terminalSafe: first[..<separator])
        guard let version = Int(name.dropFirst(PPK.mark.count)).flatMap(Version.init) else {
            throw .unsupported("a PuTTY key of the form \(name.dropFirst(PPK.mark.count))")
        }
        let algorithm = String(decoding: FieldReader.value(first[separator...]), as: UTF8.self)
        let cipher = try reader.field("Encryption")
        let comment = try reader.bytes("Comment")
        let publicPart = try reader.base64("Public-Lines")
        let key = publicPart.withBytes { PublicKey(blob: Array($0)) }
        guard let key, key.algorithm == algorithm else { throw .malformed }
        try key.checkKind()
        let encryption = try PPKEncryption(cipher: cipher, version, &reader)
        let content = try reader.base64("Private-Lines")
        guard let code = FieldReader.bytes(ofHexadecimal: try reader.field("Private-MAC")) else { throw .malformed }
        self.init(version, key, comment, encryption, content, code)
    }

    private init(
        _ version: Version,
        _ publicKey: PublicKey,
        _ comment: [UInt8],
        _ encryption: PPKEncryption,
        _ content: consuming Secret,
        _ code: [UInt8]
    ) {
        self.version = version
        self.publicKey = publicKey
        self.comment = comment
        self.encryption = encryption
        self.content = content
        self.code = code
    }

    /// What can be known of it; one that is not encrypted is read, and its code checked.
    func describe() throws(KeyFault) -> KeyDescription {
        var digest: [UInt8]?
        if !encryption.isEncrypted { digest = try open(passphrase: nil).material.pkcs8SHA1 }
        return KeyDescription(
            format: version == .two ? .ppk2 : .ppk,
            isEncrypted: encryption.isEncrypted,
            publicKey: publicKey,
            pkcs8SHA1: digest
        )
    }

    /// - Throws: `locked`, `wrongPassphrase`, `malformed` (the code of an unencrypted file does not fit).
    func open(passphrase: borrowing Secret?) throws(KeyFault) -> OpenedKey {
        let keys = try with(passphrase) { passphrase throws(KeyFault) in
            try encryption.keys(passphrase)
        } absent: { () throws(KeyFault) in
            guard !encryption.isEncrypted else { throw .locked }
            return try encryption.keys(Secret(capacity: 0))
        }
        guard let plain = encryption.decrypt(content, keys) else { throw .malformed }
        let expected = PPK.code(publicKey, encryption, comment, plain, keys)
        guard MAC.isEqual(expected, code) else { throw encryption.isEncrypted ? .wrongPassphrase : .malformed }
        let material = try plain.withBytes { bytes throws(KeyFault) in try PPK.material(publicKey, bytes) }
        guard material.publicKey == publicKey else { throw .malformed }
        return OpenedKey(
            material: material,
            format: version == .two ? .ppk2 : .ppk,
            comment: String(decoding: comment, as: UTF8.self)
        )
    }

    /// "string algorithm name, string encryption type, string key comment, string public key data, string private
    /// plaintext (with its padding)".
    private static func code(
        _ publicKey: PublicKey,
        _ encryption: PPKEncryption,
        _ comment: [UInt8],
        _ plain: borrowing Secret,
        _ keys: borrowing PPKEncryption.Keys
    ) -> [UInt8] {
        let room = publicKey.blob.count + comment.count + plain.count + 256
        var message = SecretWriter(capacity: room)
        message.string(publicKey.algorithm.utf8)
        message.string(encryption.cipherName.utf8)
        message.string(comment)
        message.string(publicKey.blob)
        plain.withBytes { message.string($0) }
        return encryption.code(over: message.finish(), keys)
    }

    /// RSA: "mpint d, p, q, iqmp"; NIST curves: "mpint the private exponent"; ED25519: the seed, little-endian and
    /// without its last zeros, as PuTTY writes numbers there. The numbers that are public are in the public half.
    private static func material(_ key: PublicKey, _ bytes: UnsafeRawBufferPointer) throws(KeyFault) -> KeyMaterial {
        // Secret only in that it is not moved about: the numbers of both halves are read in the same way.
        var blob = Secret(capacity: key.blob.count)
        for byte in key.blob { _ = blob.append(byte) }
        return try blob.withBytes { blob throws(KeyFault) in try material(key, SecretReader(blob), SecretReader(bytes))
        }
    }

    private static func material(
        _ key: PublicKey,
        _ publicPart: SecretReader,
        _ privatePart: SecretReader
    ) throws(KeyFault) -> KeyMaterial {
        var (parts, reader) = (publicPart, privatePart)
        _ = parts.string()
        switch key.algorithm {
        case "ssh-rsa":
            guard let e = parts.string(), let n = parts.string(), let d = reader.string(), let p = reader.string(),
                let q = reader.string(), let inverse = reader.string()
            else { throw .malformed }
            return .rsa(try RSAKey(n: n, e: e, d: d, p: p, q: q, inverse: inverse))
        case "ssh-ed25519":
            guard let number = reader.string(), number.count <= Ed25519Key.length else { throw .malformed }
            var seed = Secret(copying: number, capacity: Ed25519Key.length)
            while seed.count < Ed25519Key.length { _ = seed.append(0) }
            return .ed25519(try Ed25519Key(seed: seed))
        case let name:
            _ = parts.string()
            guard let curve = ECKey.Curve.allCases.first(where: { $0.algorithm == name }), let point = parts.string(),
                let number = reader.string()
            else { throw .malformed }
            return .ecdsa(try ECKey(curve: curve, point: point, number: number))
        }
    }
}

extension PPK {
    /// The text of a key in this form.
    ///
    /// - Parameter passphrase: nil, or of no length, to leave it in the clear.
    static func text(
        of key: borrowing KeyMaterial,
        version: Version,
        comment: String,
        passphrase: borrowing Secret?
    ) throws(KeyFault) -> Secret {
        let publicKey = key.publicKey
        let comment = String(comment.map { $0.isNewline ? " " : $0 })
        var plain = SecretWriter(capacity: 16 * 1024)
        switch key {
        case .rsa(let key): key.write([.d, .p, .q, .inverse], into: &plain)
        case .ecdsa(let key): key.writeNumber(into: &plain)
        case .ed25519(let key): key.seed.withBytes { plain.string($0) }
        }
        var content = plain.finish()
        let isEncrypted = try with(passphrase) { _ in
            true
        } absent: {
            false
        }
        let encryption = PPKEncryption(fresh: version, isEncrypted: isEncrypted)
        let keys = try with(passphrase) { passphrase throws(KeyFault) in
            try encryption.keys(passphrase)
        } absent: { () throws(KeyFault) in
            try encryption.keys(Secret(capacity: 0))
        }
        if isEncrypted {
            // "The padding is the beginning of SHA-1 of the private part", to whole blocks of the cipher.
            let padding = content.withBytes { Digest.sha1($0) }.prefix((16 - content.count % 16) % 16)
            content = content.withBytes { Secret(copying: $0, capacity: $0.count + padding.count) }
            for byte in padding { _ = content.append(byte) }
        }
        let code = PPK.code(publicKey, encryption, Array(comment.utf8), content, keys)
        guard let stored = encryption.encrypt(content, keys) else { throw .malformed }

        let columns = 64
        let publicLines = Base64Encoder.size(of: publicKey.blob.count, columns: columns)
        let privateLines = Base64Encoder.size(of: stored.count, columns: columns)
        let head = """
            \(mark)\(version.rawValue): \(publicKey.algorithm)
            Encryption: \(encryption.cipherName)
            Comment: \(comment)
            Public-Lines: \(publicLines.lines)

            """
        let middle = encryption.headerLines + "Private-Lines: \(privateLines.lines)\n"
        let foot = "Private-MAC: \(code.map(Fingerprint.hexadecimal).joined())\n"
        let frame = head.utf8.count + middle.utf8.count + foot.utf8.count
        var text = Secret(capacity: frame + publicLines.characters + privateLines.characters)
        for byte in head.utf8 { _ = text.append(byte) }
        publicKey.blob.withUnsafeBytes { Base64Encoder.encode($0, columns: columns, into: &text) }
        for byte in middle.utf8 { _ = text.append(byte) }
        stored.withBytes { Base64Encoder.encode($0, columns: columns, into: &text) }
        for byte in foot.utf8 { _ = text.append(byte) }
        return text
    }
}
