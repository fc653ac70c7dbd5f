// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// Something to choose with a ``Picker``.
package struct PickItem: Sendable {
    /// How it is shown, safe for a terminal.
    let line: String
    private let fields: [FuzzyText]
    /// Of the first field: of two that fit as well, the shorter one is meant.
    private let length: Int

    /// - Parameter fields: the texts by which it is looked for, its name first.
    package init(line: String, fields: [String]) {
        self.line = line
        self.fields = fields.map(FuzzyText.init)
        length = fields.first?.unicodeScalars.count ?? 0
    }

    /// How well it fits: each word has to fit one of its fields.
    ///
    /// - Parameter words: by ``FuzzyText/fold(_:)``.
    /// - Returns: nil if one does not; what is greater stands before what is less.
    func rank(_ words: [[Unicode.Scalar]]) -> Rank? {
        var total = 0
        for word in words {
            guard let best = fields.lazy.compactMap({ $0.score(word) }).max() else { return nil }
            total += best
        }
        return Rank(score: total, length: length)
    }

    struct Rank: Comparable {
        let score: Int
        let length: Int

        static func < (a: Rank, b: Rank) -> Bool { (a.score, b.length) < (b.score, a.length) }
    }
}
