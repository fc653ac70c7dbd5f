// SPDX-License-Identifier: Apache-2.0

/// How far one word is from another.
package enum EditDistance {
    /// The fewest characters to insert, remove, replace or swap with their neighbour (optimal string alignment).
    package static func between(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var rows = [[Int](0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                let replaced = rows[i][j] + (a[i] == b[j] ? 0 : 1)
                var best = min(replaced, row[j] + 1, rows[i][j + 1] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }

    /// Those of some words that one may have been meant for, the nearest first, three at the most. Case does not count.
    package static func nearest(to word: String, among words: some Sequence<String>) -> [String] {
        let lowered = word.lowercased()
        return words.map { ($0, between(lowered, $0.lowercased())) }
            .filter { $0.1 <= max(1, word.count / 3) }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
            .prefix(3)
            .map(\.0)
    }
}
