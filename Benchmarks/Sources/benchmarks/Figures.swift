// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Repeated measurements of one thing.
struct Figures {
    let values: [Double]

    var median: Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// The least, the median and the greatest, in words.
    func words(_ unit: String = "") -> String {
        let range = [values.min() ?? 0, values.max() ?? 0].map(Figures.number)
        return "\(Figures.number(median))\(unit) (\(range[0])–\(range[1]))"
    }

    /// With three digits that count.
    static func number(_ value: Double) -> String {
        String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
    }
}

/// Two programs that do the same, run in turns so that both have the machine's moods alike.
struct Comparison {
    private(set) var ours: [Double] = []
    private(set) var theirs: [Double] = []

    var ratios: Figures { Figures(values: zip(ours, theirs).map { $0 / $1 }) }

    init(rounds: Int, _ our: Command, _ their: Command, in folder: String) throws {
        let warmUps = 3
        for round in 0..<(warmUps + rounds) {
            // Neither is always the one that finds the other's traces in the caches.
            let isOursFirst = round % 2 == 0
            let first = try (isOursFirst ? our : their).run(in: folder).milliseconds
            let second = try (isOursFirst ? their : our).run(in: folder).milliseconds
            guard round >= warmUps else { continue }
            ours.append(isOursFirst ? first : second)
            theirs.append(isOursFirst ? second : first)
        }
    }
}

/// What is printed: a line a measurement, as soon as it is known.
struct Report {
    private static let width = 70

    func section(_ title: String) { line("\n\(title)") }

    func note(_ text: String) { line("  \(text)") }

    func compare(_ what: String, _ comparison: Comparison, aim: Double) {
        let (ours, theirs) = (Figures(values: comparison.ours), Figures(values: comparison.theirs))
        row(what, comparison.ratios.words(), Report.judge(comparison.ratios, aim, unit: ""))
        note("  \(ours.words(" ms")) against \(theirs.words(" ms")), \(comparison.ours.count) pairs")
    }

    /// - Parameter aim: nil where the figure only stands beside one that has an aim.
    func measure(_ what: String, _ values: [Double], unit: String = " ms", aim: Double?) {
        let figures = Figures(values: values)
        row(what, figures.words(unit), aim.map { Report.judge(figures, $0, unit: unit) } ?? "")
    }

    /// A figure that is the better the greater it is.
    func measure(_ what: String, _ values: [Double], unit: String, atLeast aim: Double) {
        let figures = Figures(values: values)
        let verdict = figures.median >= aim ? "reached" : "missed "
        row(what, figures.words(unit), "\(verdict) ≥ \(Figures.number(aim))\(unit)")
    }

    private static func judge(_ figures: Figures, _ aim: Double, unit: String) -> String {
        "\(figures.median <= aim ? "reached" : "missed ") ≤ \(Figures.number(aim))\(unit)"
    }

    private func row(_ what: String, _ figures: String, _ verdict: String) {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        line("  \(padded(what, Report.width))\(padded(figures, 24))\(verdict)")
    }

    private func line(_ text: String) {
        print(text)
        fflush(nil)
    }
}
