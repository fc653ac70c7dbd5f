// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

struct WildcardTests {
    @Test(arguments: [
        ("web-1", "web-1", true), ("web-1", "web-10", false), ("web-*", "web-", true), ("*", "", true), ("", "", true),
        ("", "a", false), ("?", "", false), ("?", "ä", true), ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false),
        ("*.example", "www.example", true), ("\\*", "*", true), ("\\*", "x", false), ("a\\?b", "a?b", true),
        ("a\\?b", "axb", false), ("[a]", "a", false), ("[a]", "[a]", true), ("**a**", "bab", true),
        ("x\\", "x\\", true),
    ])
    func `a pattern fits what it stands for`(pattern: String, text: String, fits: Bool) {
        #expect(Wildcard(pattern).matches(text) == fits)
    }

    @Test func `a pattern without wildcards is a text, and every pattern one of SQLite's`() {
        #expect(Wildcard("web-1").exact == "web-1")
        #expect(Wildcard("a\\*b").exact == "a*b")
        #expect(Wildcard("a*").exact == nil)
        #expect(Wildcard("a*b?[c]\\*").glob == "a*b?[[]c][*]")
    }

    @Test func `a long pattern against a long text ends soon`() {
        let pattern = String(repeating: "a*", count: 200) + "b"
        #expect(!Wildcard(pattern).matches(String(repeating: "a", count: 5000)))
    }
}
