// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

struct FuzzyTextTests {
    private func score(_ pattern: String, _ text: String) -> Int? {
        FuzzyText(text).score(FuzzyText.fold(pattern))
    }

    @Test func `all letters must be there, in their order, in any case`() {
        #expect(score("ap1", "app-12") != nil)
        #expect(score("AP1", "app-12") == score("ap1", "APP-12"))
        #expect(score("1ap", "app-12") == nil)
        #expect(score("appp", "app-12") == nil)
        #expect(score("größe", "GRÖSSE") == nil)
        #expect(score("GRÖ", "größe") != nil)
        #expect(score("x", "") == nil)
    }

    /// Each text fits better than the next one.
    @Test(arguments: [
        ("web", ["web-1", "my-wxeb", "wxxexxb"]),
        ("ap1", ["app-1", "app-21", "bapx21"]),
        ("p1", ["prod-1", "app31"]),
        ("abc", ["xx-abc", "xxabc", "xaxbxc"]),
    ])
    func `letters side by side and at beginnings of words count more`(pattern: String, texts: [String]) throws {
        let scores = try texts.map { try #require(score(pattern, $0), "\($0)") }
        for (better, worse) in zip(scores, scores.dropFirst()) { #expect(better > worse, "\(texts): \(scores)") }
    }

    /// Taking the first place for each letter would miss it.
    @Test func `the best of all ways counts`() {
        #expect(score("db", "dxxx-b-db") == score("db", "xxxx-x-db"))
    }
}
