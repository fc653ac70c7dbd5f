// SPDX-License-Identifier: Apache-2.0

internal import CMemory

/// How this process gets memory from the system, and gives it back.
package enum ProcessMemory {
    /// The messages of a session come and go by the thousand a second, each in a buffer of its own. By default the C
    /// library asks the system for each of the greater ones and gives it back at once, which takes longer than to
    /// encrypt what is in it.
    package static func keepForMessages() { _ = once }

    private static let once: Void = {
        mallopt(M_MMAP_THRESHOLD, 4 << 20)
        mallopt(M_TRIM_THRESHOLD, 8 << 20)
        // Few threads need memory at the same time, and each arena keeps what was free in it once.
        mallopt(M_ARENA_MAX, 2)
    }()

    /// Gives back what is not in use. It takes milliseconds, so it is for the calm after a burst.
    package static func giveBack() { malloc_trim(0) }
}
