// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
package import LatchkeySystem

/// What goes to standard output: data.
package enum Output {
    /// Writes text, with a newline at its end. A reader that has gone away ends the process as any filter does.
    ///
    /// - Throws: `storageFull`, `fileUnusable`.
    package static func write(_ text: String) throws(LatchkeyError) {
        try check(Descriptor.writeAll(STDOUT_FILENO, Array((text.hasSuffix("\n") ? text : text + "\n").utf8)))
    }

    /// Writes a secret as it is, which is only done where the user asked for it.
    ///
    /// - Throws: `storageFull`, `fileUnusable`.
    package static func write(_ secret: borrowing Secret) throws(LatchkeyError) {
        try check(secret.withBytes { Descriptor.writeAll(STDOUT_FILENO, $0) })
    }

    private static func check(_ number: Int32) throws(LatchkeyError) {
        switch number {
        case 0: return
        case EPIPE: Signals.die(by: SIGPIPE)
        default:
            throw LatchkeyError(
                number == ENOSPC ? .storageFull : .fileUnusable,
                "cannot write the output: \(SystemError(number).message)"
            )
        }
    }
}
