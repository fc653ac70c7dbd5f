// SPDX-License-Identifier: Apache-2.0

internal import CTerminal

extension String {
    /// How many columns of a terminal this text takes, as the C library counts them (wcwidth(3)), and with it most of what draws
    /// on terminals: two for a wide character, none for a mark that joins the one before it. The text must be safe for a
    /// terminal.
    package var terminalWidth: Int {
        if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
        return unicodeScalars.reduce(0) { $0 + $1.terminalWidth }
    }

    /// As much of its beginning as fits into so many columns.
    package func prefix(columns: Int) -> Substring {
        var (width, end) = (0, startIndex)
        while end < endIndex {
            width += self[end].unicodeScalars.reduce(0) { $0 + $1.terminalWidth }
            if width > columns { break }
            end = index(after: end)
        }
        return self[..<end]
    }

    /// The text and as many spaces as it takes to fill so many columns.
    package func padded(to columns: Int) -> String {
        self + String(repeating: " ", count: max(0, columns - terminalWidth))
    }
}

extension Unicode.Scalar {
    /// What the C library does not know, since it is of a newer version of Unicode or the system has no locale of UTF-8, takes one
    /// column unless it is a mark.
    fileprivate var terminalWidth: Int {
        let width = lk_terminal_width(value)
        if width >= 0 { return Int(width) }
        return properties.generalCategory == .nonspacingMark ? 0 : 1
    }
}
