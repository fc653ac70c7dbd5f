// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTerminal

/// Tells each step with its time, for `-v`. What it is given must be safe for a terminal.
package struct Trace: Sendable {
    private let start: Int64?

    package static let off = Trace(start: nil)

    /// Tells steps on standard error, with the milliseconds since now.
    package static func on() -> Trace { Trace(start: SystemClock.microseconds()) }

    package func step(_ text: @autoclosure () -> String) {
        guard let start else { return }
        let elapsed = SystemClock.microseconds() - start
        let milliseconds = "\(elapsed / 1000).\(elapsed / 100 % 10)"
        let padding = String(repeating: " ", count: max(0, 7 - milliseconds.count))
        Console.note("latchkey: \(padding)\(milliseconds) ms  \(text())")
    }
}
