// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// The text form that a private key is kept in.
package enum KeyFormat: UInt8, CaseIterable, Codable, Sendable {
    case openssh = 1
    case pkcs1, pkcs8, sec1
}

/// What can be known of a private key without its passphrase.
package struct KeyDescription: Equatable, Sendable {
    package let format: KeyFormat
    package let isEncrypted: Bool
    /// Nil where the form hides it: every encrypted one but OpenSSH's.
    package let publicKey: PublicKey?
    /// SHA-1 over the PKCS#8 form: what EC2 shows of RSA keys that it made. Nil for other kinds and encrypted keys.
    package let pkcs8SHA1: [UInt8]?
}

extension KeyDescription {
    /// Reads what a private key's text shows.
    ///
    /// - Throws: `notAKey`, `malformed`, `unsupported`, `tooCostly`.
    package init(of text: borrowing Secret) throws(KeyFault) {
        let isPuTTY = text.withBytes { $0.starts(with: "PuTTY-User-Key-File-".utf8) }
        if isPuTTY { throw .unsupported("a PuTTY key") }
        let armour = try Armour.decode(text)
        let isEncrypted = armour.headers.contains { $0.contains("ENCRYPTED") }
        let content = armour.content
        switch armour.label {
        case "OPENSSH PRIVATE KEY":
            self = try content.withBytes { bytes throws(KeyFault) in try OpenSSHContainer.describe(bytes) }
        case "RSA PRIVATE KEY":
            self = try KeyDescription(.pkcs1, isEncrypted, content) { bytes throws(KeyFault) in try RSAKey(pkcs1: bytes)
            }
        case "EC PRIVATE KEY":
            self = try KeyDescription(.sec1, isEncrypted, content) { bytes throws(KeyFault) in try ECKey(sec1: bytes) }
        case "PRIVATE KEY":
            self = try content.withBytes { bytes throws(KeyFault) in try PKCS8.describe(bytes) }
        case "ENCRYPTED PRIVATE KEY":
            try content.withBytes { bytes throws(KeyFault) in try PKCS8.checkCost(encrypted: bytes) }
            self = KeyDescription(format: .pkcs8, isEncrypted: true, publicKey: nil, pkcs8SHA1: nil)
        case "DSA PRIVATE KEY": throw .unsupported("a DSA key")
        case let label: throw .unsupported("of the kind '\(label.terminalSafe)'")
        }
    }

    private init<Key: PublicHalf & ~Copyable>(
        _ format: KeyFormat,
        _ isEncrypted: Bool,
        _ content: borrowing Secret,
        _ read: (UnsafeRawBufferPointer) throws(KeyFault) -> Key
    ) throws(KeyFault) {
        if isEncrypted {
            self.init(format: format, isEncrypted: true, publicKey: nil, pkcs8SHA1: nil)
        } else {
            let key = try content.withBytes(read)
            self.init(format: format, isEncrypted: false, publicKey: key.publicKey, pkcs8SHA1: key.pkcs8SHA1)
        }
    }
}

/// A private key that was read far enough to know its public half.
protocol PublicHalf: ~Copyable {
    var publicKey: PublicKey { get }
    var pkcs8SHA1: [UInt8]? { get }
}
