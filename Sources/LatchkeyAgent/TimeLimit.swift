// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// Work that is waited for until a time is over, whatever it waits for itself, a name server for one.
enum TimeLimit {
    private final class Outcome<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
        let signal = WakeSignal()
    }

    /// Runs `work` in a thread of its own. If the time is over first, the thread goes on, and what comes of it is lost.
    ///
    /// - Parameter timeout: milliseconds.
    /// - Returns: nil if it took too long, or there is no thread to run it in.
    static func run<Value: Sendable>(_ timeout: Int, _ work: @escaping @Sendable () -> Value) -> Value? {
        let deadline = SystemClock.milliseconds() + Int64(timeout)
        let outcome = Outcome<Value>()
        let thread = Threads(1) {
            let value = work()
            outcome.value.withLock { $0 = value }
            outcome.signal.raise()
        }
        guard let thread else { return nil }
        thread.detach()
        while true {
            if let value = outcome.value.withLock({ $0 }) { return value }
            let left = deadline - SystemClock.milliseconds()
            guard left > 0 else { return nil }
            // Where the system had no descriptor to be woken by, it is looked at from time to time.
            let until = outcome.signal.descriptor < 0 ? SystemClock.milliseconds() + min(left, 20) : deadline
            Descriptor.wait(outcome.signal.descriptor, for: .readable, until: until)
        }
    }
}
