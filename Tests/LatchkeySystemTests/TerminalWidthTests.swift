// SPDX-License-Identifier: Apache-2.0

import LatchkeySystem
import Testing

/// What the C library says in a locale of UTF-8; these tests run in any.
struct TerminalWidthTests {
    @Test(arguments: [
        ("", 0), ("web-1", 5), ("müller", 6), ("e\u{301}", 1), ("日本", 4), ("한국", 4), ("ｗｅｂ", 6), ("ﾊﾝｶｸ", 4),
        ("😀", 2), ("👍🏽", 4), ("🇩🇪", 2), ("❤", 1), ("a\u{200B}b", 2), ("\u{1112}\u{1161}\u{11AB}", 2), ("नि", 2),
    ])
    func `columns as terminals count them`(text: String, columns: Int) { #expect(text.terminalWidth == columns) }

    @Test func `a beginning takes no more columns than it may, and cuts no character`() {
        #expect("日本語".prefix(columns: 5) == "日本")
        #expect("日本語".prefix(columns: 6) == "日本語")
        #expect("日本語".prefix(columns: 1) == "")
        #expect("ne\u{301}e".prefix(columns: 2) == "ne\u{301}")
        #expect("web".prefix(columns: 100) == "web")
    }

    @Test func `padding fills the columns`() {
        #expect("日本".padded(to: 6) == "日本  ")
        #expect("日本語".padded(to: 4) == "日本語")
    }
}
