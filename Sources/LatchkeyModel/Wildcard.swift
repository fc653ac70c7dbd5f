// SPDX-License-Identifier: Apache-2.0

/// A value of an EC2 filter: `*` stands for any characters, `?` for one, and a backslash before them takes that away.
package struct Wildcard: Equatable, Sendable {
    private enum Part: Equatable, Sendable {
        case scalar(Unicode.Scalar)
        case any
        case one
    }

    private let parts: [Part]

    package init(_ pattern: String) {
        var parts: [Part] = []
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            switch scalar {
            case _ where isEscaped:
                parts.append(.scalar(scalar))
                isEscaped = false
            case "\\": isEscaped = true
            case "*": if parts.last != .any { parts.append(.any) }
            case "?": parts.append(.one)
            default: parts.append(.scalar(scalar))
            }
        }
        if isEscaped { parts.append(.scalar("\\")) }
        self.parts = parts
    }

    /// The only text that it stands for; nil if there are others.
    package var exact: String? {
        var text = ""
        for part in parts {
            guard case .scalar(let scalar) = part else { return nil }
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    /// The same for SQLite's GLOB.
    package var glob: String {
        var text = ""
        for part in parts {
            switch part {
            case .any: text += "*"
            case .one: text += "?"
            case .scalar("*"): text += "[*]"
            case .scalar("?"): text += "[?]"
            case .scalar("["): text += "[[]"
            case .scalar(let scalar): text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    package func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var (part, index) = (0, 0)
        // Where to go on if what follows the last star does not fit.
        var star: (part: Int, index: Int)?
        while index < scalars.count {
            if part < parts.count, parts[part] == .any {
                star = (part, index)
                part += 1
            } else if part < parts.count, parts[part] == .one || parts[part] == .scalar(scalars[index]) {
                part += 1
                index += 1
            } else if let back = star {
                star = (back.part, back.index + 1)
                (part, index) = (back.part + 1, back.index + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .any }
    }
}
