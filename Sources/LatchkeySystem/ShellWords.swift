// SPDX-License-Identifier: Apache-2.0

/// Splitting a line into words as a POSIX shell does (POSIX.1-2017, XCU 2.2), without expanding anything: no comments,
/// operators, variables or patterns. The same words as Python's `shlex.split`.
package enum ShellWords {
    /// Why a line has no words; each reads on from "the command …".
    package enum Fault: Error, Equatable, Sendable, CustomStringConvertible {
        case unbalancedQuote(String)
        /// The line ends with a backslash that quotes nothing.
        case danglingBackslash

        package var description: String {
            switch self {
            case .unbalancedQuote(let quote): "has a \(quote) without its other half"
            case .danglingBackslash: "ends with a backslash"
            }
        }
    }

    /// - Returns: the words; none for a blank line.
    package static func split(_ line: String) throws(Fault) -> [String] {
        var words: [String] = []
        var word: String.UnicodeScalarView?
        var scalars = line.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case " ", "\t", "\n", "\r":
                if let ended = word { words.append(String(ended)) }
                word = nil
            case "'":
                word = (word ?? .init()) + (try quoted(&scalars))
            case "\"":
                word = (word ?? .init()) + (try doubleQuoted(&scalars))
            case "\\":
                guard let next = scalars.next() else { throw .danglingBackslash }
                word = (word ?? .init()) + [next]
            default:
                word = (word ?? .init()) + [scalar]
            }
        }
        if let ended = word { words.append(String(ended)) }
        return words
    }

    private typealias Scalars = String.UnicodeScalarView.Iterator

    private static func quoted(_ scalars: inout Scalars) throws(Fault) -> [Unicode.Scalar] {
        var part: [Unicode.Scalar] = []
        while let scalar = scalars.next() {
            if scalar == "'" { return part }
            part.append(scalar)
        }
        throw .unbalancedQuote("'")
    }

    private static func doubleQuoted(_ scalars: inout Scalars) throws(Fault) -> [Unicode.Scalar] {
        var part: [Unicode.Scalar] = []
        while let scalar = scalars.next() {
            switch scalar {
            case "\"": return part
            case "\\":
                guard let next = scalars.next() else { throw .unbalancedQuote("\"") }
                // Before anything else a backslash is itself; shlex knows these two, a shell also $, ` and newline,
                // which mean something only where something is expanded.
                if next != "\"" && next != "\\" { part.append("\\") }
                part.append(next)
            default: part.append(scalar)
            }
        }
        throw .unbalancedQuote("\"")
    }
}
