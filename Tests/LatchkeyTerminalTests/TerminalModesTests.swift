// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LatchkeyTerminal

struct TerminalModesTests {
    private static func resets(_ text: String, chunks size: Int = .max) -> String {
        var modes = TerminalModes()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            Array(rest.prefix(size)).withUnsafeBytes { modes.note($0) }
            rest = rest.dropFirst(size)
        }
        return String(decoding: modes.resets, as: UTF8.self)
    }

    @Test(arguments: [
        ("", ""), ("plain\r\n\u{1B}[31mred\u{1B}[0m", ""),
        // vim, cut off, and at its end.
        ("\u{1B}[?1049h\u{1B}[?1h\u{1B}=\u{1B}[?25l", "\u{1B}>\u{1B}[?1l\u{1B}[?1049l\u{1B}[?25h\u{1B}[0m"),
        ("\u{1B}[?1049h\u{1B}[?1h\u{1B}=\u{1B}[?25l\u{1B}[?25h\u{1B}[?1l\u{1B}>\u{1B}[?1049l", ""),
        ("\u{1B}[?1000;1006;2004h", "\u{1B}[?1000l\u{1B}[?1006l\u{1B}[?2004l"),
        ("\u{1B}[?1000;1006;2004h\u{1B}c", ""), ("\u{1B}[?7l", "\u{1B}[?7h"),
        // No modes of these, or none that are known.
        ("\u{1B}[1049h\u{1B}[?9999h\u{1B}[?h\u{1B}[?12;l[?1049h", ""),
        // Cut off in the middle of the next sequence.
        ("\u{1B}[?25l\u{1B}[?104", "\u{18}\u{1B}[?25h"),
        ("\u{1B}[?" + String(repeating: "1049;", count: 100) + "h", ""),
        ("\u{1B}[?" + String(repeating: "9", count: 100) + "h\u{1B}[?25l", "\u{1B}[?25h"),
    ]) func `what is left changed is set back, however the text is cut`(text: String, resets: String) {
        for size in [Int.max, 1, 2, 3, 5] { #expect(Self.resets(text, chunks: size) == resets, "\(size)") }
    }
}
