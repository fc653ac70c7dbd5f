// SPDX-License-Identifier: Apache-2.0

extension PublicKey {
    private static let certificateEnding = "-cert-v01@openssh.com"

    /// Whether this is a key with what an authority says of it, as OpenSSH's PROTOCOL.certkeys describes.
    package var isCertificate: Bool { algorithm.hasSuffix(PublicKey.certificateEnding) }

    /// Whether a security key (FIDO) has to be touched for each signature.
    package var isSecurityKey: Bool { algorithm.hasPrefix("sk-") }

    /// The key that a certificate is about; nil if this is no certificate, or one that does not hold together.
    ///
    /// "string type, string nonce", then the key's own fields as in its wire form, then what is certified.
    package var certifiedKey: PublicKey? {
        guard isCertificate else { return nil }
        let stem = String(algorithm.dropLast(PublicKey.certificateEnding.count))
        let (name, fieldCount): (String, Int)
        switch stem {
        case "ssh-ed25519": (name, fieldCount) = (stem, 1)
        case "ssh-dss": (name, fieldCount) = (stem, 4)
        case "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
            (name, fieldCount) = (stem, 2)
        case "sk-ssh-ed25519": (name, fieldCount) = ("\(stem)@openssh.com", 2)
        case "sk-ecdsa-sha2-nistp256": (name, fieldCount) = ("\(stem)@openssh.com", 3)
        default: return nil
        }
        var reader = WireReader(blob)
        guard reader.string() != nil, reader.string() != nil else { return nil }
        var writer = WireWriter()
        writer.string(name)
        for _ in 0..<fieldCount {
            guard let field = reader.string() else { return nil }
            writer.string(field)
        }
        return PublicKey(blob: writer.bytes)
    }
}
