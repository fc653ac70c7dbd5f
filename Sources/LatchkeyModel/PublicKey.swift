// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// An SSH public key: its algorithm's name and its wire form (RFC 4253 §6.6: "string certificate or public key
/// format identifier, byte[n] key/certificate data"). Two keys are the same if their wire forms are.
package struct PublicKey: Hashable, Sendable {
    /// The wire form, the algorithm's name included.
    package let blob: [UInt8]
    /// The algorithm's name as it stands in the wire form, for example `ssh-ed25519`.
    package let algorithm: String

    /// - Returns: nil if the bytes do not begin with the name of an algorithm, or are longer than 64 KiB.
    package init?(blob: some Collection<UInt8>) {
        let bytes = Array(blob)
        var reader = WireReader(bytes)
        guard bytes.count <= 65536, let name = reader.string(limit: 64), !name.isEmpty, !reader.isAtEnd,
            name.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        self.blob = bytes
        self.algorithm = String(decoding: name, as: UTF8.self)
    }

    /// The wire form in base64 (RFC 4648 §4).
    package init?(base64: some StringProtocol) {
        guard let data = Data(base64Encoded: String(base64)) else { return nil }
        self.init(blob: data)
    }

    /// A line as `ssh-keygen` writes it: `algorithm base64 comment`; the comment is dropped.
    ///
    /// - Returns: nil if the line is not of that form or its two algorithm names differ.
    package init?(line: some StringProtocol) {
        let words = line.split(maxSplits: 2, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
        guard words.count >= 2, let key = PublicKey(base64: words[1]), key.algorithm == words[0] else { return nil }
        self = key
    }

    /// `ssh-ed25519 AAAA…`, without a comment.
    package var line: String { "\(algorithm) \(Data(blob).base64EncodedString())" }

    /// A short word for the kind of key: `ed25519`, `rsa`, `ecdsa`, `sk-ed25519`, `sk-ecdsa`, or else the algorithm's own
    /// name; of a certificate that of the key that it is about.
    package var typeName: String {
        if let key = certifiedKey { return key.typeName }
        switch algorithm {
        case "ssh-ed25519": return "ed25519"
        case "ssh-rsa": return "rsa"
        case "ssh-dss": return "dsa"
        case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521": return "ecdsa"
        case "sk-ssh-ed25519@openssh.com": return "sk-ed25519"
        case "sk-ecdsa-sha2-nistp256@openssh.com": return "sk-ecdsa"
        default: return algorithm
        }
    }

    /// The size in bits that says how strong the key is: RSA's modulus, the curve for the others; nil if unknown.
    package var bits: Int? {
        if let key = certifiedKey { return key.bits }
        var reader = WireReader(blob)
        _ = reader.string(limit: 64)
        switch algorithm {
        case "ssh-ed25519", "sk-ssh-ed25519@openssh.com": return 256
        case "ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256@openssh.com": return 256
        case "ecdsa-sha2-nistp384": return 384
        case "ecdsa-sha2-nistp521": return 521
        case "ssh-rsa":
            // RFC 4253 §6.6: "string "ssh-rsa", mpint e, mpint n".
            _ = reader.string()
            guard let modulus = reader.string()?.drop(while: { $0 == 0 }), let top = modulus.first else { return nil }
            return modulus.count * 8 - top.leadingZeroBitCount
        default: return nil
        }
    }

    /// The type with its size where the size varies: `rsa 2048`, `ed25519`, `ecdsa 256 certificate`.
    package var typeAndSize: String {
        let size = ["rsa", "ecdsa"].contains(typeName) ? bits.map { " \($0)" } ?? "" : ""
        return typeName.terminalSafe + size + (isCertificate ? " certificate" : "")
    }
}

extension PublicKey: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let key = PublicKey(line: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an OpenSSH public key line")
        }
        self = key
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(line)
    }
}
