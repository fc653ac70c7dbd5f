// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

struct WildcardPatternTests {
    @Test(arguments: [
        ("web", "web", true), ("web", "web-1", false), ("web*", "web-1", true), ("*", "", true), ("?", "", false),
        ("?", "ü", true), ("w?b", "web", true), ("*b*", "abc", true), ("a*b*c", "axxbxxc", true),
        ("a*b*c", "axxc", false),
        (#"a\*"#, "a*", true), (#"a\*"#, "ab", false), (#"\\x"#, #"\x"#, true), (#"\x"#, #"\x"#, true),
        (#"x\"#, #"x\"#, true),
        ("[a]", "[a]", true), ("[a]", "a", false), ("", "", true), ("", "a", false), ("**a", "ba", true),
    ])
    func `a pattern fits what it says`(pattern: String, text: String, fits: Bool) {
        #expect(WildcardPattern(pattern).matches(text) == fits)
    }

    @Test func `what is exact is known to be, and brackets mean nothing to SQLite`() {
        #expect(WildcardPattern("web").literal == "web")
        #expect(WildcardPattern(#"a\*"#).literal == "a*")
        #expect(WildcardPattern("web*").literal == nil)
        #expect(WildcardPattern("web-?x").prefix == "web-")
        #expect(WildcardPattern(#"[a]\**?"#).glob == "[[]a][*]*?")
    }

    @Test func `a hostile pattern is refused in no time`() {
        let pattern = WildcardPattern(String(repeating: "*a", count: 500) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 1000)))
    }
}
