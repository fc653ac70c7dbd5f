// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// How others tell a session's thread that it is over.
final class SessionControl: Sendable {
    private let cancelled = Atomic(false)
    /// Readable once the session is cancelled.
    let descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))

    deinit { close(descriptor) }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() {
        cancelled.store(true, ordering: .releasing)
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }
}
