// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// The text of a private key in any of the forms, from and to its numbers.
enum PrivateKeyText {
    /// - Throws: see ``PrivateKey/init(_:passphrase:)``.
    static func open(_ text: borrowing Secret, passphrase: borrowing Secret?) throws(KeyFault) -> OpenedKey {
        let isPuTTY = text.withBytes { $0.starts(with: PPK.mark.utf8) }
        if isPuTTY {
            let file = try text.withBytes { bytes throws(KeyFault) in try PPK(bytes) }
            return try file.open(passphrase: passphrase)
        }
        let armour = try Armour.decode(text)
        switch armour.label {
        case OpenSSHContainer.label:
            return try armour.content.withBytes { bytes throws(KeyFault) in
                try OpenSSHContainer(bytes).open(passphrase: passphrase)
            }
        case "ENCRYPTED PRIVATE KEY":
            let material = try with(passphrase) { passphrase throws(KeyFault) in
                try armour.content.withBytes { bytes throws(KeyFault) in
                    try PKCS8.decode(bytes, passphrase: passphrase)
                }
            } absent: { () throws(KeyFault) in
                throw .locked
            }
            return OpenedKey(material: material, format: .pkcs8, comment: "")
        case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
            guard armour.isEncrypted else { return try inTheClear(armour.label, armour.content) }
            let content = try with(passphrase) { passphrase throws(KeyFault) in
                try TraditionalPEM.decrypt(armour, passphrase: passphrase)
            } absent: { () throws(KeyFault) in
                throw .locked
            }
            do throws(KeyFault) {
                return try inTheClear(armour.label, content)
            } catch {
                // One wrong passphrase in 256 leaves a padding that looks right.
                throw error == .malformed ? .wrongPassphrase : error
            }
        case "DSA PRIVATE KEY": throw .unsupported("a DSA key")
        case let label: throw .unsupported("of the kind '\(label.terminalSafe)'")
        }
    }

    private static func inTheClear(_ label: String, _ content: borrowing Secret) throws(KeyFault) -> OpenedKey {
        try content.withBytes { bytes throws(KeyFault) in
            switch label {
            case "RSA PRIVATE KEY": OpenedKey(material: .rsa(try RSAKey(pkcs1: bytes)), format: .pkcs1, comment: "")
            case "EC PRIVATE KEY": OpenedKey(material: .ecdsa(try ECKey(sec1: bytes)), format: .sec1, comment: "")
            default: OpenedKey(material: try PKCS8.decode(bytes), format: .pkcs8, comment: "")
            }
        }
    }

    /// - Throws: `unsupported` if the form cannot hold this kind of key.
    static func encode(
        _ key: borrowing KeyMaterial,
        _ format: KeyFormat,
        comment: String,
        passphrase: borrowing Secret?
    ) throws(KeyFault) -> Secret {
        switch format {
        case .openssh: return try OpenSSHContainer.text(of: key, comment: comment, passphrase: passphrase)
        case .ppk: return try PPK.text(of: key, version: .three, comment: comment, passphrase: passphrase)
        case .ppk2: return try PPK.text(of: key, version: .two, comment: comment, passphrase: passphrase)
        case .pkcs8:
            return try with(passphrase) { passphrase throws(KeyFault) in
                Armour.encode(label: "ENCRYPTED PRIVATE KEY", try PKCS8.encode(key, passphrase: passphrase))
            } absent: { () throws(KeyFault) in
                Armour.encode(label: "PRIVATE KEY", try PKCS8.encode(key))
            }
        case .pkcs1:
            switch key {
            case .rsa(let key): return try encode("RSA PRIVATE KEY", try key.pkcs1(), passphrase)
            default: throw .unsupported("of a kind that PKCS#1 cannot hold")
            }
        case .sec1:
            switch key {
            case .ecdsa(let key): return try encode("EC PRIVATE KEY", try key.sec1(), passphrase)
            default: throw .unsupported("of a kind that SEC1 cannot hold")
            }
        }
    }

    private static func encode(
        _ label: String,
        _ content: borrowing Secret,
        _ passphrase: borrowing Secret?
    ) throws(KeyFault) -> Secret {
        try with(passphrase) { passphrase throws(KeyFault) in
            try TraditionalPEM.text(label: label, content, passphrase: passphrase)
        } absent: {
            Armour.encode(label: label, content)
        }
    }
}
