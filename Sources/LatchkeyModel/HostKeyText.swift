// SPDX-License-Identifier: Apache-2.0

/// Host keys as they stand in files: `TYPE BASE64`, ssh-keyscan's `HOST TYPE BASE64`, cloud-init's block on the
/// console.
package enum HostKeyText {
    private static let beginning = "BEGIN SSH HOST KEY KEYS-----"
    private static let end = "END SSH HOST KEY KEYS-----"

    package static func keys(in text: String) -> [PublicKey] {
        let lines = text.split(whereSeparator: \.isNewline)
        // On a console anything may stand around the block; within it are only keys.
        return (blocks(lines).last ?? lines[...]).compactMap(key)
    }

    /// The keys that cloud-init has printed on a console. If it did so several times, all of them have to be the same:
    /// what else could print there must not put its own beside them.
    package static func keys(onConsole text: String) -> [PublicKey] {
        let blocks = blocks(text.split(whereSeparator: \.isNewline)).map { $0.compactMap(keyBehindPrefix) }
        guard let first = blocks.first, blocks.allSatisfy({ Set($0) == Set(first) }) else { return [] }
        return first
    }

    /// Keys as cloud-init prints them, at the end of a console; empty for none.
    package static func block(of keys: [PublicKey]) -> String {
        keys.isEmpty ? "" : (["\n-----\(beginning)"] + keys.map(\.line) + ["-----\(end)\n"]).joined(separator: "\n")
    }

    package static func key(in line: some StringProtocol) -> PublicKey? {
        if let key = PublicKey(line: line) { return key }
        let words = line.split(maxSplits: 1, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
        return words.count == 2 && !line.hasPrefix("#") ? PublicKey(line: words[1]) : nil
    }

    /// The lines between the marks, of each block that has both.
    private static func blocks(_ lines: [Substring]) -> [ArraySlice<Substring>] {
        var blocks: [ArraySlice<Substring>] = []
        var start: Int?
        for (index, line) in lines.enumerated() {
            if line.hasSuffix(beginning) {
                start = index + 1
            } else if line.hasSuffix(end), let first = start {
                blocks.append(lines[first..<index])
                start = nil
            }
        }
        return blocks
    }

    /// The kernel's log has a time before each line, systemd's the name of the program.
    private static func keyBehindPrefix(_ line: Substring) -> PublicKey? {
        var rest = line
        for _ in 0..<8 {
            if let key = PublicKey(line: rest) { return key }
            rest = rest.drop { !$0.isWhitespace }.drop { $0.isWhitespace }
        }
        return nil
    }
}
