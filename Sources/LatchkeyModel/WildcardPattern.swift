// SPDX-License-Identifier: Apache-2.0

/// A text in which `*` stands for any characters and `?` for one; behind a backslash each stands for itself (EC2's filters).
package struct WildcardPattern: Equatable, Sendable {
    private enum Part: Equatable {
        case literal(Character)
        case one
        case any
    }

    private let parts: [Part]

    package init(_ text: String) {
        var parts: [Part] = []
        var isEscaped = false
        for character in text {
            switch character {
            case _ where isEscaped:
                if !"*?\\".contains(character) { parts.append(.literal("\\")) }
                parts.append(.literal(character))
                isEscaped = false
            case "\\": isEscaped = true
            case "*": if parts.last != .any { parts.append(.any) }
            case "?": parts.append(.one)
            default: parts.append(.literal(character))
            }
        }
        if isEscaped { parts.append(.literal("\\")) }
        self.parts = parts
    }

    /// The one text that fits; nil if there are others.
    package var literal: String? {
        let text = prefix
        return text.count == parts.count ? text : nil
    }

    /// What every text that fits begins with.
    package var prefix: String {
        var text = ""
        for case .literal(let character) in parts.prefix(while: { if case .literal = $0 { true } else { false } }) {
            text.append(character)
        }
        return text
    }

    /// The same as SQLite's GLOB has it, where what stands in brackets stands for itself.
    package var glob: String {
        parts.map { part in
            switch part {
            case .literal(let character): "*?[".contains(character) ? "[\(character)]" : String(character)
            case .one: "?"
            case .any: "*"
            }
        }
        .joined()
    }

    /// Takes a time that grows with the product of both lengths, whatever they are.
    package func matches(_ text: String) -> Bool {
        let text = Array(text)
        // Where to go on when what followed the last `*` does not fit: the star takes one character more.
        var (part, position) = (0, 0)
        var star: (part: Int, position: Int)?
        while position < text.count {
            if part < parts.count, parts[part] == .any {
                star = (part, position)
                part += 1
            } else if part < parts.count, parts[part] == .one || parts[part] == .literal(text[position]) {
                (part, position) = (part + 1, position + 1)
            } else if let last = star {
                star = (last.part, last.position + 1)
                (part, position) = (last.part + 1, last.position + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .any }
    }
}
