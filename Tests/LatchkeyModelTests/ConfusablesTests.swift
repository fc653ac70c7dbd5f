// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

struct ConfusablesTests {
    @Test(arguments: [
        // Of other scripts, and of mathematics.
        ("web-1", "w\u{435}b-1"), ("paypal", "р\u{430}ур\u{430}l"), ("scope", "ѕсоре"),
        ("ABC", "\u{391}\u{392}\u{421}"),
        ("web", "\u{1D430}\u{1D41E}\u{1D41B}"), ("web", "ｗｅｂ"), ("1", "\u{661}"),
        // Of the same script.
        ("web-1", "web-l"), ("db-0", "db-O"), ("modem", "modern"), ("I|1", "lll"), ("a/b", "a\u{2215}b"),
        // What is not seen, or seen as a space.
        ("web-1", "web-1\u{3164}"), ("web-1", "w\u{34F}eb-1"), ("web-1", "web\u{FE0F}-1"), ("web-1", "web\u{200B}-1"),
        ("web-1", "web-1\u{2800}"), ("a b", "a\u{A0}b"), ("a b", "a  b"), ("a b", "a\u{3000}b"),
        ("web", "web\u{E0101}"),
        // Composed in several ways, in every order.
        ("größe", "gro\u{308}ße"), ("ё", "e\u{308}"), ("a\u{323}\u{302}", "a\u{302}\u{323}"),
        ("각", "\u{1100}\u{1161}\u{11A8}"),
        ("ệ", "e\u{302}\u{323}"), ("\u{212B}", "Å"),
    ])
    func `texts that look alike have one skeleton`(one: String, other: String) {
        #expect(one.skeleton == other.skeleton)
        #expect(Array(one.skeleton.utf8) == Array(other.skeleton.utf8))
    }

    @Test(arguments: [
        ("web-1", "web-2"), ("web", "Web"), ("web-1", "web1"), ("größe", "grosse"), ("é", "e"), ("東京", "京東"),
        ("b", "d"),
        ("n", "h"), ("", "a"), ("각", "간"),
    ])
    func `texts that people tell apart have two`(one: String, other: String) { #expect(one.skeleton != other.skeleton) }

    @Test func `a skeleton is its own`() {
        for value in UInt32(0x20)..<0x3000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let skeleton = String(scalar).skeleton
            #expect(skeleton.skeleton == skeleton, "\(value)")
        }
    }

    /// The first and last of the table, and those whose runs and distances are the longest.
    @Test func `the table is read to its end`() {
        #expect("\u{2FA1D}".skeleton == "\u{2A600}")
        #expect("\u{FDFA}".skeleton.unicodeScalars.count == 18)
        #expect("\u{1D7D8}\u{1D7FF}".skeleton == "O9")
        #expect("\u{2F00}".skeleton == "\u{4E00}".skeleton)
    }
}
