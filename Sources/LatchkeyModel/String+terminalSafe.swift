// SPDX-License-Identifier: Apache-2.0

extension String {
    /// This text with everything a terminal could obey, or a reader could be deceived by, written out.
    ///
    /// Control characters (C0, DEL, C1), format characters (bidirectional overrides, zero-width characters), line and
    /// paragraph separators, private-use and unassigned scalars become `\u{1B}`-like escapes, and so does what is not seen:
    /// default-ignorable scalars (fillers, variation selectors), blanks other than a space, and marks that stand on nothing or
    /// in a long row. A backslash stays. Use it on all text that another machine or a file supplied before it reaches a
    /// terminal or a log.
    package var terminalSafe: String { terminalSafe { "\\u{\($0.hexadecimal)}" } }

    /// The same with all that is not ASCII written out: texts that look alike are told apart by it.
    package var terminalSafeASCII: String { terminalSafe(asciiOnly: true) { "\\u{\($0.hexadecimal)}" } }

    /// The same in another notation.
    ///
    /// - Parameters:
    ///   - keepsLines: whether newlines stay.
    ///   - asciiOnly: whether all that is not ASCII is written out.
    ///   - escape: how a scalar is written out.
    package func terminalSafe(
        keepsLines: Bool = false,
        asciiOnly: Bool = false,
        escape: (Unicode.Scalar) -> String
    ) -> String {
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return self }
        var safe = ""
        safe.reserveCapacity(utf8.count + 16)
        var row = MarkRow()
        for scalar in unicodeScalars {
            let isSafe = row.takes(scalar)
            if isSafe && (scalar.isASCII || !asciiOnly) || keepsLines && scalar == "\n" {
                safe.unicodeScalars.append(scalar)
            } else {
                safe += escape(scalar)
            }
        }
        return safe
    }

    /// Whether nothing in this text needs to be escaped for a terminal.
    package var isTerminalSafe: Bool {
        var row = MarkRow()
        return unicodeScalars.allSatisfy { row.takes($0) }
    }

    /// This text of several lines, each made safe for a terminal.
    package var terminalSafeLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { String($0).terminalSafe }.joined(separator: "\n")
    }

    /// The bytes with all that is not printable ASCII written out, as in `caf\xE9`.
    package init(escaping bytes: some Sequence<UInt8>) {
        self =
            bytes.map { byte in
                (0x20..<0x7F).contains(byte)
                    ? String(Unicode.Scalar(byte))
                    : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
            .joined()
    }

    /// The bytes as text, malformed UTF-8 replaced, then made safe for a terminal.
    package init(terminalSafe bytes: some Sequence<UInt8>) {
        self = String(decoding: Array(bytes), as: UTF8.self).terminalSafe
    }
}

/// Counts the marks on a scalar. Scripts need three or four; hundreds of them are painted over the lines above and below.
private struct MarkRow {
    private static let limit = 8

    /// At the beginning there is nothing to stand on.
    private var room = 0

    /// Whether the next scalar may be shown as it is.
    mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.isTerminalSafe else {
            // It is written out, and a mark behind it would stand on the escape's last character.
            room = 0
            return false
        }
        guard scalar.isMark else {
            room = MarkRow.limit
            return true
        }
        room -= 1
        return room >= 0
    }
}

extension Unicode.Scalar {
    fileprivate var isTerminalSafe: Bool {
        if value >= 0x20 && value < 0x7F { return true }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return !isUnseen && !isBlank
        }
    }

    fileprivate var hexadecimal: String { String(value, radix: 16, uppercase: true) }

    fileprivate var isMark: Bool {
        if value < 0x300 { return false }
        return [.nonspacingMark, .enclosingMark].contains(properties.generalCategory)
    }

    /// Whether nothing is painted for this scalar, and no room is left for it.
    var isUnseen: Bool {
        if value < 0x80 { return false }
        switch value {
        // Joiners and fillers of scripts, which Unicode does not count among the ignorable.
        case 0x2D7F, 0x1107F, 0x16FE4: return true
        default: return properties.isDefaultIgnorableCodePoint
        }
    }

    /// Whether there is an empty place where this scalar stands.
    var isBlank: Bool {
        switch value {
        case 0x20: return true
        case 0..<0x80: return false
        // Braille without dots, music's null note, hieroglyphs' blanks.
        case 0x2800, 0x1D159, 0x13441, 0x13442: return true
        default: return properties.generalCategory == .spaceSeparator
        }
    }
}
