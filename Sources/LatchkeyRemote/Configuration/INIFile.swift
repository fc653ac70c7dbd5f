// SPDX-License-Identifier: Apache-2.0

/// A file of sections and options as botocore reads it, which is as Python's `configparser` does, with one level of
/// nesting.
struct INIFile: Equatable {
    /// What is wrong with a file, and where.
    struct Fault: Error, Equatable {
        /// From 1.
        let line: Int
        let reason: String
    }

    enum Value: Equatable {
        case text(String)
        /// An option without a value of its own, and indented ones below it.
        case nested([String: String])
    }

    typealias Section = [String: Value]

    private(set) var sections: [String: Section] = [:]

    /// - Throws: what `configparser` refuses as well: a line that is no option, options before the first section, and a
    ///   section or option that is there twice.
    init(_ text: String) throws(Fault) {
        var reader = Reader()
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: { "\n\r\r\n".contains($0) }) {
            number += 1
            try reader.read(line, number)
        }
        let defaults = reader.sections.removeValue(forKey: "DEFAULT") ?? [:]
        for (name, options) in reader.sections {
            var section: Section = [:]
            for (key, option) in options.merging(defaults, uniquingKeysWith: { own, _ in own }) {
                section[key] = try INIFile.value(option)
            }
            sections[name] = section
        }
    }

    private static func value(_ option: Reader.Option) throws(Fault) -> Value {
        var lines = option.lines[...]
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.count > 1, lines.first?.isEmpty == true else { return .text(lines.joined(separator: "\n")) }
        var nested: [String: String] = [:]
        for line in lines where !line.isEmpty {
            guard let equals = line.firstIndex(of: "=") else {
                throw Fault(line: option.number, reason: "what is indented below '\(option.name)' has no '='")
            }
            nested[trimmed(line[..<equals])] = trimmed(line[line.index(after: equals)...])
        }
        return .nested(nested)
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        var rest = text[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }

    /// What was read so far, and where it stands.
    private struct Reader {
        struct Option {
            let name: String
            let number: Int
            var lines: [String]
        }

        var sections: [String: [String: Option]] = [:]
        private var section: String?
        private var option: String?
        private var indentation = 0

        mutating func read(_ line: Substring, _ number: Int) throws(Fault) {
            let value = INIFile.trimmed(line)
            if value.isEmpty {
                extend(with: "")
                return
            }
            if value.hasPrefix("#") || value.hasPrefix(";") { return }
            let depth = line.prefix { $0.isWhitespace }.count
            if depth > indentation, extend(with: value) { return }
            indentation = depth
            if value.hasPrefix("["), let end = value.lastIndex(of: "]"), end > value.index(after: value.startIndex) {
                let name = String(value[value.index(after: value.startIndex)..<end])
                guard sections[name] == nil else {
                    throw Fault(line: number, reason: "the section '\(name)' is there twice")
                }
                sections[name] = [:]
                (section, option) = (name, nil)
                return
            }
            guard let section else { throw Fault(line: number, reason: "it stands before the first section") }
            guard let delimiter = value.firstIndex(where: { $0 == "=" || $0 == ":" }), delimiter > value.startIndex
            else {
                throw Fault(line: number, reason: "it is neither a section nor an option with a value")
            }
            let name = INIFile.trimmed(value[..<delimiter]).lowercased()
            guard sections[section]?[name] == nil else {
                throw Fault(line: number, reason: "the option '\(name)' is there twice in '\(section)'")
            }
            let first = INIFile.trimmed(value[value.index(after: delimiter)...])
            sections[section]?[name] = Option(name: name, number: number, lines: [first])
            option = name
        }

        /// - Returns: false if there is no option that could go on.
        @discardableResult
        private mutating func extend(with line: String) -> Bool {
            guard let section, let option else { return false }
            sections[section]?[option]?.lines.append(line)
            return true
        }
    }
}
