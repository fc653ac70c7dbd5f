// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// How others tell a session's thread that it is over.
final class SessionControl: Sendable {
    private struct State {
        var isCancelled = false
        var reason: String?
    }

    private let state = Mutex(State())
    private let signal = WakeSignal()

    /// Readable once the session is cancelled.
    var descriptor: Int32 { signal.descriptor }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Why the session fails; nil where it just ends, or goes on.
    var reason: String? { state.withLock { $0.reason } }

    /// - Parameter reason: for the client; nil if it is no failure.
    func cancel(because reason: String? = nil) {
        state.withLock { state in
            if !state.isCancelled { state.reason = reason }
            state.isCancelled = true
        }
        signal.raise()
    }
}
