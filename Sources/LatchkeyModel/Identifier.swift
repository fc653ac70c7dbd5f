// SPDX-License-Identifier: Apache-2.0

/// Identifiers in EC2's form: a prefix and 17 lowercase hexadecimal digits, for example `i-0a1b2c3d4e5f60718`.
package enum Identifier {
    /// An instance that was launched or added.
    package static let instancePrefix = "i-"
    /// An instance that registered itself by an activation.
    package static let managedInstancePrefix = "mi-"
    package static let keyPairPrefix = "key-"

    /// A fresh identifier: 68 random bits.
    package static func make(prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<17).map { _ in "0123456789abcdef".randomElement(using: &generator).map(String.init) ?? "0" }
        return prefix + digits.joined()
    }

    /// Whether `text` has the form of an instance id or of the beginning of one.
    package static func looksLikeInstanceID(_ text: String) -> Bool {
        for prefix in [instancePrefix, managedInstancePrefix] where text.hasPrefix(prefix) {
            let rest = text.dropFirst(prefix.count)
            return !rest.isEmpty && rest.count <= 17
                && rest.allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase }
        }
        return false
    }
}
