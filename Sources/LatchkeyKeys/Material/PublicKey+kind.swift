// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

extension PublicKey {
    /// Whether a private key of this kind can be used from a file.
    ///
    /// - Throws: `unsupported`, naming the kind.
    func checkKind() throws(KeyFault) {
        switch algorithm {
        case "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521": return
        case "ssh-rsa":
            guard let bits else { throw .malformed }
            guard RSAKey.sizes.contains(bits) else { throw .unsupported("an RSA key of \(bits) bits") }
        case "ssh-dss": throw .unsupported("a DSA key")
        case let name where isSecurityKey: throw .unsupported("the handle of a security key (\(name.terminalSafe))")
        case let name: throw .unsupported("of the kind '\(name.terminalSafe)'")
        }
    }
}
