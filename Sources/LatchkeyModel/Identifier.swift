// SPDX-License-Identifier: Apache-2.0

/// Identifiers in EC2's form: a prefix and 17 lowercase hexadecimal digits, for example `i-0a1b2c3d4e5f60718`.
package enum Identifier {
    /// An instance that was launched or added.
    package static let instancePrefix = "i-"
    /// An instance that registered itself by an activation.
    package static let managedInstancePrefix = "mi-"
    package static let keyPairPrefix = "key-"
    package static let reservationPrefix = "r-"
    package static let nodePrefix = "node-"

    /// A fresh identifier: 68 random bits.
    package static func make(prefix: String) -> String { prefix + random(17, of: "0123456789abcdef") }

    /// A fresh identifier of a session, at most 82 characters. Of the caller's name, 64 characters are kept, and what is
    /// not an ASCII letter or digit, `.`, `@`, `-` or `_` becomes `_`.
    package static func makeSession(caller: String) -> String {
        // A dash at the beginning would make an option of it on a command line.
        let name = caller.drop { $0 == "-" }.prefix(64)
            .map { character in
                let isAllowed =
                    character.isASCII && (character.isLetter || character.isNumber || ".@-_".contains(character))
                return isAllowed ? String(character) : "_"
            }
            .joined()
        return make(prefix: (name.isEmpty ? "session" : name) + "-")
    }

    /// A fresh identifier of an access key: 80 random bits. It begins as AWS's do, since tools look for that.
    package static func makeAccessKey() -> String { "AKIA" + random(16, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") }

    /// Whether `text` has the form of an instance id or of the beginning of one.
    package static func looksLikeInstanceID(_ text: String) -> Bool {
        for prefix in [instancePrefix, managedInstancePrefix] where text.hasPrefix(prefix) {
            let rest = text.dropFirst(prefix.count)
            return !rest.isEmpty && rest.count <= 17
                && rest.allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase }
        }
        return false
    }

    /// Whether `text` is one that ``make(prefix:)`` gives for a ``NodeID``.
    package static func isNode(_ text: String) -> Bool {
        text.hasPrefix(nodePrefix) && text.utf8.count == nodePrefix.utf8.count + 17
            && text.utf8.dropFirst(nodePrefix.utf8.count).allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }

    private static func random(_ count: Int, of alphabet: String) -> String {
        var generator = SystemRandomNumberGenerator()
        return String((0..<count).compactMap { _ in alphabet.randomElement(using: &generator) })
    }
}
