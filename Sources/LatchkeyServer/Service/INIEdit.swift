// SPDX-License-Identifier: Apache-2.0

/// Changes to a file of the AWS tools that leave all else in it as it is, to the last byte.
enum INIEdit {
    /// Sets keys of one section, which is made at the end if it is not there. Values of those keys that go on in further lines
    /// go with them.
    ///
    /// - Parameter content: any bytes; lines end with a line feed, before which a carriage return may stand.
    static func set(_ values: [(key: String, value: String)], in section: String, of content: [UInt8]) -> [UInt8] {
        var lines = content.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        // What stands behind the last line feed is no line, unless there is something.
        if lines.last?.isEmpty == true { lines.removeLast() }
        let ending: [UInt8] = lines.first?.last == 0x0D ? [0x0D] : []
        func line(_ text: String) -> [UInt8] { Array(text.utf8) + ending }

        guard let start = lines.firstIndex(where: { name(ofSection: $0) == section }) else {
            if let last = lines.last, !last.allSatisfy(isBlank) { lines.append(ending) }
            lines.append(line("[\(section)]"))
            lines += values.map { line("\($0.key) = \($0.value)") }
            return joined(lines)
        }
        let end = lines[(start + 1)...].firstIndex { name(ofSection: $0) != nil } ?? lines.endIndex
        var kept: [[UInt8]] = []
        var missing = values[...]
        var isReplaced = false
        for old in lines[(start + 1)..<end] {
            // An indented line goes on with the value before it.
            if old.first.map(isBlank) == true, !old.allSatisfy(isBlank) {
                if !isReplaced { kept.append(old) }
                continue
            }
            let value = key(of: old).flatMap { key in values.first { $0.key == key } }
            isReplaced = value != nil
            guard let value else {
                kept.append(old)
                continue
            }
            // The same key twice is what Python's parser refuses.
            guard missing.contains(where: { $0.key == value.key }) else { continue }
            missing = missing.filter { $0.key != value.key }[...]
            kept.append(line("\(value.key) = \(value.value)"))
        }
        // New ones stand behind the old ones, before the empty lines that separate this section from the next one.
        let index = kept.lastIndex { !$0.allSatisfy(isBlank) }.map { $0 + 1 } ?? 0
        kept.insert(contentsOf: missing.map { line("\($0.key) = \($0.value)") }, at: index)
        return joined(lines[...start] + kept + lines[end...])
    }

    private static func joined(_ lines: some Sequence<[UInt8]>) -> [UInt8] { lines.flatMap { $0 + [0x0A] } }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0D].contains(byte) }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        var rest = bytes
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(decoding: rest, as: UTF8.self)
    }

    /// `[profile a]`; quotes around its last word are taken off, as the AWS tools do.
    private static func name(ofSection line: [UInt8]) -> String? {
        guard line.first == UInt8(ascii: "["), let end = line.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        return trimmed(line[1..<end]).split { $0 == " " || $0 == "\t" }.map(unquoted).joined(separator: " ")
    }

    private static func unquoted(_ word: Substring) -> String {
        guard let quote = word.first, quote == "\"" || quote == "'", word.count > 1, word.last == quote else {
            return String(word)
        }
        return String(word.dropFirst().dropLast())
    }

    /// The name before `=` or `:`, in lower case as Python's parser has it; nil for a comment or an empty line.
    private static func key(of line: [UInt8]) -> String? {
        guard let first = line.first, !"#;".utf8.contains(first),
            let end = line.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") })
        else { return nil }
        return trimmed(line[..<end]).lowercased()
    }
}
