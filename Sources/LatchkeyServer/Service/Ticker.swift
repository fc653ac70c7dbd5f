// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import NIOConcurrencyHelpers
internal import Synchronization

/// Does something at once and then again and again, on a thread of its own, which may wait for the disk.
final class Ticker: Sendable {
    private let wake = WakeSignal()
    private let isStopping = Atomic(false)
    private let hasEnded = ConditionLock(value: false)

    /// - Parameter interval: milliseconds between an end of `body` and its next beginning.
    /// - Throws: `configurationInvalid` if the system has no thread left.
    init(every interval: Int64, _ body: @escaping @Sendable () -> Void) throws {
        let threads = Threads(1) { [self] in
            repeat { body() } while waits(interval)
            hasEnded.lock()
            hasEnded.unlock(withValue: true)
        }
        guard let threads else {
            throw LatchkeyError(
                .configurationInvalid,
                "the system has no thread left for latchkeyd",
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
            var poll = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
            // In pieces, should there be no descriptor to be woken by.
            _ = Glibc.poll(&poll, 1, Int32(min(left, 1000)))
        }
        return false
    }

    /// Waits until what was begun is done, and has it done no more.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        wake.raise()
        hasEnded.lock(whenValue: true)
        hasEnded.unlock()
    }
}
