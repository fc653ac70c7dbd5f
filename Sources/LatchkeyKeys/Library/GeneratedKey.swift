// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel
package import LatchkeySystem

/// A key as EC2 makes them: ED25519, or RSA of 2048 bits. Its private half is here and nowhere else yet.
package struct GeneratedKey: ~Copyable {
    /// The kinds of key that can be made, as in EC2.
    package enum KeyType: String, CaseIterable, Sendable {
        case ed25519, rsa
    }

    /// The forms that EC2 hands keys out in.
    package enum Format: String, CaseIterable, Sendable {
        /// PKCS#1 for RSA, OpenSSH's own for ED25519.
        case pem
        /// PuTTY's.
        case ppk
    }

    package let publicKey: PublicKey
    /// The fingerprint that EC2 would show.
    package let fingerprint: String
    /// The private half, not encrypted.
    package let text: Secret

    /// - Parameter comment: what stands beside the key in the forms that have room for it.
    /// - Throws: `keyUnusable` if OpenSSL makes none.
    package init(_ type: KeyType, format: Format, comment: String) throws {
        do throws(KeyFault) {
            let key = try PrivateKey(type == .rsa ? .rsa(bits: 2048) : .ed25519, comment: comment)
            let pem: KeyFormat = type == .rsa ? .pkcs1 : .openssh
            text = try key.text(format == .ppk ? .ppk : pem, comment: comment, passphrase: nil)
            publicKey = key.publicKey
            fingerprint = Fingerprint.ec2Created(key.publicKey, pkcs8SHA1: key.pkcs8SHA1)
        } catch {
            throw LatchkeyError(.keyUnusable, "no key could be made: it \(error.reason)")
        }
    }
}
