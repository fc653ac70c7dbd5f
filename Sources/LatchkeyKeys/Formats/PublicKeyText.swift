// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// A public key and what stands beside it.
package struct PublicKeyText: Equatable, Sendable {
    package let key: PublicKey
    /// Not safe for a terminal yet; empty where there is none.
    package let comment: String
    package let format: PublicKeyFormat

    package init(key: PublicKey, comment: String, format: PublicKeyFormat) {
        (self.key, self.comment, self.format) = (key, comment, format)
    }

    /// Reads a public key in any of the forms.
    ///
    /// - Throws: `notAKey` if it is in none of them, `malformed`, `unsupported`.
    package init(reading text: String) throws(KeyFault) {
        let text = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if text.hasPrefix(RFC4716.begin) {
            self = try RFC4716.decode(text)
        } else if text.hasPrefix("-----BEGIN PUBLIC KEY-----") {
            self.init(
                key: try SubjectPublicKeyInfo.decode(try PublicKeyText.framed(text, "PUBLIC KEY")),
                comment: "",
                format: .spki
            )
        } else if text.hasPrefix("-----BEGIN RSA PUBLIC KEY-----") {
            self.init(
                key: try SubjectPublicKeyInfo.decode(pkcs1: try PublicKeyText.framed(text, "RSA PUBLIC KEY")),
                comment: "",
                format: .spki
            )
        } else {
            self = try PublicKeyText.unframed(text)
        }
    }

    private static func unframed(_ text: Substring) throws(KeyFault) -> PublicKeyText {
        let lines = text.split(whereSeparator: \.isNewline)
            .filter { !$0.drop(while: \.isWhitespace).isEmpty && !$0.hasPrefix("#") }
        if lines.count == 1, let line = lines.first {
            let words = line.split(maxSplits: 2, whereSeparator: \.isWhitespace)
            if words.count >= 2, let key = PublicKey(line: line) {
                // A name that is no kind of key may still be one of a signature, such as rsa-sha2-256.
                guard key.typeName != key.algorithm else {
                    throw .unsupported("of the kind '\(key.algorithm.terminalSafe)'")
                }
                return PublicKeyText(key: key, comment: words.count > 2 ? String(words[2]) : "", format: .openssh)
            }
        }
        let keys = lines.count { PublicKey(line: $0) != nil }
        guard keys < 2 else { throw .unsupported("a list of \(keys) public keys, not one") }
        // DER begins with a SEQUENCE of some hundred bytes, which base64 shows as an M.
        guard lines.first?.hasPrefix("M") == true, let der = Base64.decode(lines.joined()) else { throw .notAKey }
        return PublicKeyText(key: try SubjectPublicKeyInfo.decode(der), comment: "", format: .der)
    }

    private static func framed(_ text: Substring, _ label: String) throws(KeyFault) -> [UInt8] {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isWhitespace } }
        let end = "-----END\(label.filter { $0 != " " })-----"
        guard let last = lines.firstIndex(of: end), let der = Base64.decode(lines[1..<last].joined()) else {
            throw .malformed
        }
        return der
    }

    /// The key's text in a form, ending with a newline.
    ///
    /// - Throws: `unsupported` if the form cannot hold this kind of key.
    package func text(_ format: PublicKeyFormat) throws(KeyFault) -> String {
        let oneLine = String(comment.map { $0.isNewline ? " " : $0 })
        switch format {
        case .openssh: return oneLine.isEmpty ? key.line + "\n" : "\(key.line) \(oneLine)\n"
        case .rfc4716: return RFC4716.encode(key, comment: oneLine)
        case .spki, .der:
            guard let der = SubjectPublicKeyInfo.encode(key) else {
                guard !key.isCertificate else { throw .unsupported("a certificate, which X.509 does not know") }
                throw .unsupported("of the kind '\(key.typeName.terminalSafe)', which X.509 does not know")
            }
            guard format == .spki else { return Base64.encode(der) + "\n" }
            return "-----BEGIN PUBLIC KEY-----\n\(Base64.lines(der, columns: 64))-----END PUBLIC KEY-----\n"
        }
    }
}
