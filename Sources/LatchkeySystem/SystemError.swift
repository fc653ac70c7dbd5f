// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// An error of the system's (errno(3)).
package struct SystemError: Error, Equatable, Sendable {
    package let number: Int32

    package init(_ number: Int32) { self.number = number }

    /// That of the call before, on this thread.
    package static var last: SystemError { SystemError(errno) }

    /// In its own words, as the end of a sentence: `no such file or directory`.
    package var message: String { String(cString: strerror(number)).lowercased() }

    /// Whether there is no room left where it was to be written.
    package var isFull: Bool { number == ENOSPC || number == EDQUOT }
}
