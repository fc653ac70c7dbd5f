// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeySystem

/// What Latchkey itself says to people: on standard error, its name before it, no capital, no full stop.
package enum Console {
    package static func note(_ text: String) { write(text + "\n") }

    /// One line on what, one on what next.
    ///
    /// - Parameter program: the name of the one that speaks.
    package static func report(_ error: LatchkeyError, showsCause: Bool = false, program: String = "latchkey") {
        note("\(program): error: \(error.message)")
        if showsCause, let cause = error.cause { note("\(program): cause: \(cause)") }
        if let hint = error.hint { note("\(program): hint: \(hint)") }
    }

    static func write(_ text: String) { _ = Descriptor.writeAll(STDERR_FILENO, Array(text.utf8)) }
}
