// SPDX-License-Identifier: Apache-2.0

extension String {
    /// This text with everything a terminal could obey, or a reader could be deceived by, written out.
    ///
    /// Control characters (C0, DEL, C1), format characters (bidirectional overrides, zero-width characters), line and
    /// paragraph separators, private-use and unassigned scalars become `\u{1B}`-like escapes; a backslash stays.
    /// Use it on all text that another machine or a file supplied before it reaches a terminal or a log.
    package var terminalSafe: String {
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return self }
        var safe = ""
        safe.reserveCapacity(utf8.count + 16)
        for scalar in unicodeScalars {
            if scalar.isTerminalSafe {
                safe.unicodeScalars.append(scalar)
            } else {
                safe += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            }
        }
        return safe
    }

    /// Whether nothing in this text needs to be escaped for a terminal.
    package var isTerminalSafe: Bool { unicodeScalars.allSatisfy(\.isTerminalSafe) }

    /// This text of several lines, each made safe for a terminal.
    package var terminalSafeLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { String($0).terminalSafe }.joined(separator: "\n")
    }

    /// The bytes as text, malformed UTF-8 replaced, then made safe for a terminal.
    package init(terminalSafe bytes: some Sequence<UInt8>) {
        self = String(decoding: Array(bytes), as: UTF8.self).terminalSafe
    }
}

extension Unicode.Scalar {
    fileprivate var isTerminalSafe: Bool {
        if value >= 0x20 && value < 0x7F { return true }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }
}
