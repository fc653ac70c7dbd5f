// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Wakes a thread that waits in `poll`, from another one.
package final class WakeSignal: Sendable {
    /// Readable from ``raise()`` until ``clear()``; -1 if the system had no descriptor left, and nothing is woken then.
    package let descriptor: Int32
    private let writeEnd: Int32

    /// That it was raised.
    package var interest: PollSet.Interest { .readable(descriptor) }

    package init() {
        var ends: [Int32] = [-1, -1]
        // pipe2 is hidden behind _GNU_SOURCE; code that forks here closes descriptors it does not know.
        if pipe(&ends) == 0 {
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
        }
        (descriptor, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    package func raise() {
        var byte: UInt8 = 1
        // A full pipe is as good as another byte.
        _ = write(writeEnd, &byte, 1)
    }

    package func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) > 0 {}
    }
}
