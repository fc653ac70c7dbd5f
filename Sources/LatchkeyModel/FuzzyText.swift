// SPDX-License-Identifier: Apache-2.0

/// A text that is looked for by some of its letters, in their order but not necessarily side by side, as with fzf(1): `ap1`
/// finds `app-1`.
package struct FuzzyText: Sendable {
    private static let match = 16
    private static let boundary = 8
    private static let adjacency = 4
    private static let gapStart = 3
    private static let gapExtension = 1
    /// Less than any score that a match can have.
    private static let none = Int.min / 2

    private let letters: [Unicode.Scalar]
    /// What a match at each place is worth beyond any other: more where a word begins.
    private let bonuses: [Int]

    package init(_ text: String) {
        letters = FuzzyText.fold(text)
        var bonuses: [Int] = []
        bonuses.reserveCapacity(letters.count)
        var last: Unicode.Scalar?
        for letter in letters {
            let isWord = letter.properties.isAlphabetic || letter.isDigit
            let followsWord = last.map { $0.properties.isAlphabetic || $0.isDigit } ?? false
            let changes = last.map { $0.isDigit != letter.isDigit } ?? false
            bonuses.append(!isWord ? 0 : !followsWord ? FuzzyText.boundary : changes ? FuzzyText.adjacency : 0)
            last = letter
        }
        self.bonuses = bonuses
    }

    /// A text as its letters are compared: case does not count.
    package static func fold(_ text: String) -> [Unicode.Scalar] { Array(text.lowercased().unicodeScalars) }

    /// How well a pattern fits: the best of all ways to find its letters here. Letters side by side and at beginnings of words
    /// count more, what lies between them less.
    ///
    /// - Parameter pattern: letters by ``fold(_:)``.
    /// - Returns: nil if a letter is missing.
    package func score(_ pattern: [Unicode.Scalar]) -> Int? {
        guard holds(pattern) else { return nil }
        // The best score of the pattern so far whose last letter is found at each place.
        var row = [Int](repeating: 0, count: letters.count)
        for (number, letter) in pattern.enumerated() {
            var next = [Int](repeating: FuzzyText.none, count: letters.count)
            // The best score so far from which a gap leads to this place.
            var afterGap = FuzzyText.none
            for place in letters.indices {
                if place >= 2 {
                    afterGap = max(afterGap - FuzzyText.gapExtension, row[place - 2] - FuzzyText.gapStart)
                }
                guard letters[place] == letter else { continue }
                if number == 0 {
                    next[place] = FuzzyText.match + 2 * bonuses[place]
                } else {
                    let beside = place > 0 ? row[place - 1] + max(bonuses[place], FuzzyText.adjacency) : FuzzyText.none
                    next[place] = FuzzyText.match + max(beside, afterGap + bonuses[place])
                }
            }
            row = next
        }
        return row.max()
    }

    /// Whether all letters are there, in their order.
    private func holds(_ pattern: [Unicode.Scalar]) -> Bool {
        var rest = pattern[...]
        for letter in letters where letter == rest.first { rest = rest.dropFirst() }
        return rest.isEmpty
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
}
