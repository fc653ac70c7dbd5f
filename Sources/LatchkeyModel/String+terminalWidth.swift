// SPDX-License-Identifier: Apache-2.0

extension String {
    /// How many columns of a terminal this text takes: two for a wide character (Unicode Standard Annex #11), none for a
    /// mark that joins the one before it. The text must be safe for a terminal.
    package var terminalWidth: Int {
        if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
        return reduce(0) { $0 + $1.terminalWidth }
    }

    /// As much of its beginning as fits into so many columns.
    package func prefix(columns: Int) -> Substring {
        var (width, end) = (0, startIndex)
        while end < endIndex, width + self[end].terminalWidth <= columns {
            width += self[end].terminalWidth
            end = index(after: end)
        }
        return self[..<end]
    }

    /// The text and as many spaces as it takes to fill so many columns.
    package func padded(to columns: Int) -> String {
        self + String(repeating: " ", count: max(0, columns - terminalWidth))
    }
}

extension Character {
    fileprivate var terminalWidth: Int {
        guard let first = unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default:
            let isMark = first.properties.generalCategory == .nonspacingMark
            return isMark ? 0 : 1
        }
    }
}
