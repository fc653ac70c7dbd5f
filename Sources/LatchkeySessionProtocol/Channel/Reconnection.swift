// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// The search for a connection, in a thread of its own, so that an end goes on meanwhile. It ends with its owner, once the
/// attempt that is under way has come to its end.
package final class Reconnection<Found>: Sendable {
    private struct State {
        // Handed from one thread to the other, and used by one at a time.
        nonisolated(unsafe) var found: Found?
    }

    private let state = Mutex(State())
    private let signal = WakeSignal()

    /// - Parameters:
    ///   - delay: milliseconds before the first attempt.
    ///   - pauses: milliseconds between two attempts, at first and at most.
    ///   - lost: what is found where the system has no thread left.
    ///   - attempt: may wait; nil if it is worth trying again.
    package init(
        after delay: Int = 0,
        pauses: ClosedRange<Int>,
        withoutThread lost: sending Found,
        attempt: @escaping @Sendable () -> sending Found?
    ) {
        let threads = Threads(1) { [weak self] in
            usleep(UInt32(delay) * 1000)
            var pause = pauses.lowerBound
            while let search = self {
                if let found = attempt() { return search.finish(found) }
                // Not all ends of a relay that starts again come in the same moment.
                usleep(UInt32(pause + Int.random(in: 0...pause)) * 1000)
                pause = min(pause * 2, pauses.upperBound)
            }
        }
        guard let threads else {
            finish(lost)
            return
        }
        threads.detach()
    }

    /// Becomes readable when something was found.
    package var descriptor: Int32 { signal.descriptor }

    /// Takes what was found; nil while the search goes on.
    package func take() -> Found? {
        state.withLock { state in
            defer { state.found = nil }
            return state.found
        }
    }

    private func finish(_ found: sending Found) {
        state.withLock { $0.found = found }
        signal.raise()
    }
}
