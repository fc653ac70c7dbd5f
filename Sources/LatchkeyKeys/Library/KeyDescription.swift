// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel
package import LatchkeySystem

/// What can be known of a private key without its passphrase.
package struct KeyDescription: Equatable, Sendable {
    package let format: KeyFormat
    package let isEncrypted: Bool
    /// Nil where the form hides it: every encrypted one but OpenSSH's and PuTTY's.
    package let publicKey: PublicKey?
    /// SHA-1 over the PKCS#8 form: what EC2 shows of RSA keys that it made. Nil for other kinds and encrypted keys.
    package let pkcs8SHA1: [UInt8]?
}

extension KeyDescription {
    /// Reads what a private key's text shows.
    ///
    /// - Throws: `notAKey`, `malformed`, `unsupported`, `tooCostly`.
    package init(of text: borrowing Secret) throws(KeyFault) {
        let isPuTTY = text.withBytes { $0.starts(with: PPK.mark.utf8) }
        if isPuTTY {
            self = try text.withBytes { bytes throws(KeyFault) in try PPK(bytes) }.describe()
            return
        }
        let armour = try Armour.decode(text)
        if armour.label == OpenSSHContainer.label {
            self = try armour.content.withBytes { bytes throws(KeyFault) in try OpenSSHContainer(bytes).describe() }
            return
        }
        if armour.label == "ENCRYPTED PRIVATE KEY" {
            try armour.content.withBytes { bytes throws(KeyFault) in try PKCS8.checkCost(encrypted: bytes) }
        }
        do throws(KeyFault) {
            let opened = try PrivateKeyText.open(text, passphrase: nil)
            self.init(
                format: opened.format,
                isEncrypted: false,
                publicKey: opened.material.publicKey,
                pkcs8SHA1: opened.material.pkcs8SHA1
            )
        } catch {
            guard error == .locked else { throw error }
            let format: KeyFormat =
                switch armour.label {
                case "RSA PRIVATE KEY": .pkcs1
                case "EC PRIVATE KEY": .sec1
                default: .pkcs8
                }
            self.init(format: format, isEncrypted: true, publicKey: nil, pkcs8SHA1: nil)
        }
    }
}
