// SPDX-License-Identifier: Apache-2.0

internal import CProcess
internal import Glibc

/// Becomes readable when a process has ended. Where the kernel has no process descriptors (before Linux 5.3) a timer
/// becomes readable instead, so that its owner looks twenty times a second.
struct ExitDescriptor {
    let descriptor: Int32
    private let isTimer: Bool

    /// - Parameter processDescriptor: taken over; -1 if there is none.
    init(_ processDescriptor: Int32) {
        isTimer = processDescriptor < 0
        descriptor = isTimer ? lk_timer_open(50) : processDescriptor
    }

    /// After a look that found the process running.
    func rearm() {
        var count: UInt64 = 0
        if isTimer { _ = read(descriptor, &count, MemoryLayout.size(ofValue: count)) }
    }

    func close() { if descriptor >= 0 { Glibc.close(descriptor) } }
}
