// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import LatchkeyModel

/// A fingerprint that a user pasted, of any kind.
package struct FingerprintQuery: Equatable, Sendable {
    /// What it can be a digest of.
    package let kinds: [FingerprintKind]
    /// The bytes; for ``FingerprintKind/bubbleBabble`` the text's own.
    private let digest: [UInt8]

    /// Understands hexadecimal digits with colons or without, `MD5:` and `SHA256:` before them, base64 with padding or
    /// without, words, and what ssh-keygen and PuTTY print around them.
    ///
    /// - Returns: nil if the text is no fingerprint.
    package init?(_ text: String) {
        // `2048 SHA256:… comment (RSA)`, `ssh-rsa 2048 ad:57:…`: the one word that is a fingerprint.
        let queries = text.split(whereSeparator: \.isWhitespace).compactMap { FingerprintQuery(word: $0) }
        guard queries.count == 1, let query = queries.first else { return nil }
        self = query
    }

    private init?(word: Substring) {
        let lowered = word.lowercased()
        for (prefix, kind, length) in [("sha256:", FingerprintKind.wireSHA256, 32), ("md5:", .wireMD5, 16)]
        where lowered.hasPrefix(prefix) {
            let rest = word.dropFirst(prefix.count)
            guard let digest = FingerprintQuery.hexadecimal(rest) ?? FingerprintQuery.base64(rest),
                digest.count == length
            else { return nil }
            self.init(kinds: [kind], digest: digest)
            return
        }
        if let digest = FingerprintQuery.hexadecimal(word) {
            switch digest.count {
            case 16: self.init(kinds: [.spkiMD5, .wireMD5], digest: digest)
            case 20: self.init(kinds: [.pkcs8SHA1], digest: digest)
            case 32: self.init(kinds: [.wireSHA256], digest: digest)
            default: return nil
            }
        } else if BubbleBabble.isForm(lowered) {
            self.init(kinds: [.bubbleBabble], digest: Array(lowered.utf8))
        } else if let digest = FingerprintQuery.base64(word), digest.count == 32 {
            self.init(kinds: [.wireSHA256], digest: digest)
        } else {
            return nil
        }
    }

    private init(kinds: [FingerprintKind], digest: [UInt8]) {
        self.kinds = kinds
        self.digest = digest
    }

    private static func hexadecimal(_ text: Substring) -> [UInt8]? {
        let isSeparated = text.contains(":")
        let parts = isSeparated ? text.split(separator: ":", omittingEmptySubsequences: false) : [text]
        guard !isSeparated || parts.allSatisfy({ $0.count == 2 }) else { return nil }
        let digits = parts.joined()
        guard digits.count >= 32, digits.allSatisfy(\.isHexDigit) else { return nil }
        return PPK.FieldReader.bytes(ofHexadecimal: digits)
    }

    private static func base64(_ text: Substring) -> [UInt8]? {
        let bare = text.prefix { $0 != "=" }
        return Base64.decode(bare + String(repeating: "=", count: (4 - bare.count % 4) % 4))
    }

    /// As what this fingerprint calls the key; nil if it does not.
    ///
    /// - Parameter pkcs8SHA1: nil where the private half is not known.
    package func kind(matching key: PublicKey, pkcs8SHA1: [UInt8]?) -> FingerprintKind? {
        let key = key.certifiedKey ?? key
        return kinds.first { kind in
            guard let digest = kind.digest(of: key, pkcs8SHA1: pkcs8SHA1) else { return false }
            return kind == .bubbleBabble
                ? Array(BubbleBabble.encode(digest).utf8) == self.digest : digest == self.digest
        }
    }

    /// What kind of fingerprint this is, and what that means for a user who looks for its key.
    package var meaning: String {
        switch kinds.first {
        case .pkcs8SHA1:
            "a SHA-1, which EC2 shows of RSA keys that it made itself; it is over the private half, so only the private "
                + "file can prove it, and public keys, and files behind passphrases, cannot be compared with it"
        case .spkiMD5:
            "an MD5: EC2 shows one of RSA keys that were imported, and OpenSSH before 6.8 another one of any key; both "
                + "are over the public half"
        case .wireMD5: "OpenSSH's older one, an MD5 over the public half as SSH sends it"
        case .wireSHA256:
            "a SHA-256 over the public half as SSH sends it, which OpenSSH, PuTTY, and EC2 (of ED25519 keys) show"
        case .bubbleBabble: "words for a SHA-1 over the public half, as ssh-keygen -B shows them"
        case .none: "none that is known"
        }
    }
}
