// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import Synchronization

/// How others tell a session's thread that it is over.
final class SessionControl: Sendable {
    private let cancelled = Atomic(false)
    private let signal = WakeSignal()

    /// Readable once the session is cancelled.
    var descriptor: Int32 { signal.descriptor }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() {
        cancelled.store(true, ordering: .releasing)
        signal.raise()
    }
}
