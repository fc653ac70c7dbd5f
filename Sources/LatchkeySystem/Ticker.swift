// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import Synchronization

/// Does something at once and then again and again, on a thread of its own, which may wait for the disk.
package final class Ticker: Sendable {
    private let wake = WakeSignal()
    private let isStopping = Atomic(false)
    private let end = WakeSignal()
    private let hasEnded = Atomic(false)

    /// - Parameter interval: milliseconds between an end of `body` and its next beginning.
    /// - Throws: `configurationInvalid` if the system has no thread left.
    package init(every interval: Int64, _ body: @escaping @Sendable () -> Void) throws {
        let threads = Threads(1) { [self] in
            repeat { body() } while waits(interval)
            hasEnded.store(true, ordering: .releasing)
            end.raise()
        }
        guard let threads else {
            throw LatchkeyError(
                .configurationInvalid,
                "the system has no thread left",
                hint: "raise the limit (ulimit -u, TasksMax=)"
            )
        }
        threads.detach()
    }

    /// - Returns: false if it was stopped.
    private func waits(_ interval: Int64) -> Bool {
        let next = SystemClock.milliseconds() + interval
        while !isStopping.load(ordering: .relaxed) {
            let left = next - SystemClock.milliseconds()
            guard left > 0 else { return true }
            Ticker.wait(for: wake, milliseconds: left)
        }
        return false
    }

    /// In parts of a second, should there be no descriptor to be woken by.
    private static func wait(for signal: WakeSignal, milliseconds: Int64) {
        Descriptor.wait(signal.descriptor, for: .readable, until: SystemClock.milliseconds() + min(milliseconds, 1000))
    }

    /// Waits until what was begun is done, and has it done no more.
    package func stop() {
        isStopping.store(true, ordering: .relaxed)
        wake.raise()
        while !hasEnded.load(ordering: .acquiring) { Ticker.wait(for: end, milliseconds: 1000) }
    }
}
