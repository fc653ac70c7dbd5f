// SPDX-License-Identifier: Apache-2.0

/// Words as a POSIX shell would take them, without anything that a shell would do with them (Python's `shlex.split`,
/// which the AWS tools read `credential_process` and section names with).
enum ShellWords {
    /// - Returns: nil if a quotation has no end, or nothing follows a backslash.
    static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word = ""
        // An empty word in quotes is one, too.
        var hasWord = false
        var quote: Character?
        var rest = text[...]
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("\\", nil):
                guard let next = rest.popFirst() else { return nil }
                word.append(next)
                hasWord = true
            case ("\\", "\""):
                guard let next = rest.popFirst() else { return nil }
                if next != "\"" && next != "\\" { word.append("\\") }
                word.append(next)
            case (_, .some(character)): quote = nil
            case ("\"", nil), ("'", nil):
                quote = character
                hasWord = true
            case (" ", nil), ("\t", nil), ("\r", nil), ("\n", nil), ("\r\n", nil):
                if hasWord { words.append(word) }
                (word, hasWord) = ("", false)
            default:
                word.append(character)
                hasWord = true
            }
        }
        guard quote == nil else { return nil }
        if hasWord { words.append(word) }
        return words
    }
}
