// SPDX-License-Identifier: Apache-2.0

internal import NIOConcurrencyHelpers
internal import NIOPosix

/// Threads for what waits for the disk, so that no event loop does.
struct Workers: Sendable {
    private let pool: NIOThreadPool

    init(threads: Int) {
        pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await pool.runIfActive(body)
    }

    /// Runs `body` some time, in the order of the calls if there is one thread only.
    func enqueue(_ body: @escaping @Sendable () -> Void) {
        pool.submit { state in if state == .active { body() } }
    }

    /// Waits until all that was enqueued is done; for a single thread.
    func drain() {
        let last = ConditionLock(value: false)
        enqueue {
            last.lock()
            last.unlock(withValue: true)
        }
        if last.lock(whenValue: true, timeoutSeconds: 10) { last.unlock() }
        stop()
    }

    /// Waits until what was begun is done.
    func stop() { try? pool.syncShutdownGracefully() }
}
