// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// An `authorized_keys` file (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"), line by line. What it does not concern stays as
/// it is to the last byte: comments, options, order, lines that are not understood.
package struct AuthorizedKeys: Equatable, Sendable {
    /// Each with its line end, if it has one.
    private var lines: [[UInt8]]

    package init(_ bytes: [UInt8]) {
        lines = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
            lines.append(Array(rest[..<end]))
            rest = rest[end...]
        }
    }

    package var bytes: [UInt8] { Array(lines.joined()) }

    /// Whether it is text, which a shell can carry: without zero bytes.
    package var isText: Bool { !lines.contains { $0.contains(0) } }

    /// A line that lets a key log in.
    package struct Entry: Equatable, Sendable {
        /// What stands before the key, as it is; empty where there is nothing.
        package let options: [UInt8]
        package let key: PublicKey

        /// The key is not let in itself, but may sign certificates.
        package var isAuthority: Bool {
            // Names are compared as sshd does, without regard to case; only what stands outside of quotes is a name.
            var (isQuoted, isEscaped, names) = (false, false, "")
            for byte in options {
                if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
                isEscaped = byte == UInt8(ascii: "\\")
                if !isQuoted { names.unicodeScalars.append(Unicode.Scalar(byte)) }
            }
            return names.lowercased().split(separator: ",").contains("cert-authority")
        }
    }

    package var entries: [Entry] { lines.compactMap(AuthorizedKeys.entry) }

    /// Whether this key is let in. (With options it may be let in from some places only, or for some commands.)
    package func contains(_ key: PublicKey) -> Bool { lines.contains { AuthorizedKeys.isEntry($0, of: key) } }

    /// What stands before a key in its lines, those that have nothing left out.
    package func options(of key: PublicKey) -> [[UInt8]] {
        lines.filter { AuthorizedKeys.isEntry($0, of: key) }.compactMap { AuthorizedKeys.entry($0)?.options }
            .filter { !$0.isEmpty }
    }

    /// Adds a key; one that is there already is left as it is.
    ///
    /// - Parameters:
    ///   - comment: one line.
    ///   - predecessor: behind each line of this key goes one of the new key with the same options, since sshd takes the
    ///     first that matches; if it has none, or is nil, one goes to the end, without options.
    package mutating func add(_ key: PublicKey, comment: String, inPlaceOf predecessor: PublicKey? = nil) {
        guard !contains(key) else { return }
        let line = Array((comment.isEmpty ? key.line : "\(key.line) \(comment)").utf8)
        endLastLine()
        let old = predecessor.map { key in lines.indices.filter { AuthorizedKeys.isEntry(lines[$0], of: key) } } ?? []
        for index in old.reversed() {
            let options = AuthorizedKeys.entry(lines[index])?.options ?? []
            let prefix = options.isEmpty ? [] : options + [UInt8(ascii: " ")]
            lines.insert(prefix + line + [UInt8(ascii: "\n")], at: index + 1)
        }
        if old.isEmpty { lines.append(line + [UInt8(ascii: "\n")]) }
    }

    /// Takes every line of a key away, but not one by which it may sign certificates.
    ///
    /// - Returns: how many there were.
    @discardableResult
    package mutating func remove(_ key: PublicKey) -> Int {
        guard contains(key) else { return 0 }
        let before = lines.count
        endLastLine()
        lines.removeAll { AuthorizedKeys.isEntry($0, of: key) }
        return before - lines.count
    }

    /// A last line without an end would run into what comes behind it, and a shell writes one anyway.
    private mutating func endLastLine() {
        guard let last = lines.indices.last, lines[last].last != UInt8(ascii: "\n") else { return }
        lines[last].append(UInt8(ascii: "\n"))
    }

    private static func isEntry(_ line: [UInt8], of key: PublicKey) -> Bool {
        guard let entry = entry(line) else { return false }
        return entry.key == key && !entry.isAuthority
    }

    /// "options, keytype, base64-encoded key, comment. The options field is optional. Empty lines and lines starting with a
    /// '#' are ignored as comments."
    private static func entry(_ line: [UInt8]) -> Entry? {
        let line = line.drop { isBlank($0) }
        guard let first = line.first, first != UInt8(ascii: "#"), first != UInt8(ascii: "\n") else { return nil }
        if let key = key(line) { return Entry(options: [], key: key) }
        // "No spaces are permitted, except within double quotes."
        var (isQuoted, end) = (false, line.startIndex)
        while end < line.endIndex, isQuoted || !isBlank(line[end]) {
            let isEscape =
                line[end] == UInt8(ascii: "\\") && end + 1 < line.endIndex && line[end + 1] == UInt8(ascii: "\"")
            if isEscape { end += 1 } else if line[end] == UInt8(ascii: "\"") { isQuoted.toggle() }
            end += 1
        }
        let rest = line[end...].drop { isBlank($0) }
        return key(rest).map { Entry(options: Array(line[..<end]), key: $0) }
    }

    private static func key(_ bytes: ArraySlice<UInt8>) -> PublicKey? {
        // A key that is sent as text has 7-bit letters only, whatever the comment behind it has.
        let words = bytes.split(maxSplits: 2, whereSeparator: { isBlank($0) || $0 == UInt8(ascii: "\n") }).prefix(2)
        guard words.count == 2, words.joined().allSatisfy({ $0 < 0x80 }) else { return nil }
        return PublicKey(line: words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
