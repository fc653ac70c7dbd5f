// SPDX-License-Identifier: Apache-2.0

internal import LatchkeySystem

/// Tells each step with its time, for `-v`. What it is given must be safe for a terminal.
package struct Trace: Sendable {
    private let start: Int64
    /// Nil where steps are not told.
    private let interaction: (any Interaction)?

    package static let off = Trace(start: 0, interaction: nil)

    /// Tells steps with the milliseconds since now.
    package static func on(_ interaction: any Interaction) -> Trace {
        Trace(start: SystemClock.microseconds(), interaction: interaction)
    }

    package func step(_ text: @autoclosure () -> String) {
        guard let interaction else { return }
        let elapsed = SystemClock.microseconds() - start
        let milliseconds = "\(elapsed / 1000).\(elapsed / 100 % 10)"
        let padding = String(repeating: " ", count: max(0, 7 - milliseconds.count))
        interaction.note("\(padding)\(milliseconds) ms  \(text())")
    }
}
