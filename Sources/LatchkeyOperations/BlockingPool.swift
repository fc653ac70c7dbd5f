// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyStore
internal import LatchkeySystem
internal import NIOConcurrencyHelpers
internal import NIOPosix
internal import Synchronization

/// Threads for what waits for the disk, so that no event loop does. Where it is asked for, writing has threads of its own, so
/// that reading does not wait behind it.
package struct BlockingPool: Sendable {
    private let readers: Lane
    private let writers: Lane

    /// - Parameters:
    ///   - writers: threads for writing alone; 0 to have the others do that, too.
    ///   - limit: how many requests may wait, for reading and for writing.
    package init(threads: Int, writers: Int = 0, limit: Int = 4096) {
        readers = Lane(threads, limit)
        self.writers = writers > 0 ? Lane(writers, limit) : readers
    }

    /// - Throws: ``ServiceError/overloaded`` if too many wait already, and what `body` throws.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await readers.run(body)
    }

    /// Runs what writes to the store. It has to have its turn within ``WriteDeadline/timeout`` from now.
    ///
    /// - Throws: ``ServiceError/overloaded``, `storeBusy` if it had no turn, and what `body` throws.
    func write<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let deadline = SystemClock.milliseconds() + WriteDeadline.timeout
        return try await writers.run { try WriteDeadline.$current.withValue(deadline, operation: body) }
    }

    /// Runs `body` some time, in the order of the calls if there is one thread only.
    package func enqueue(_ body: @escaping @Sendable () -> Void) {
        readers.pool.submit { state in if state == .active { body() } }
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
    package func stop() {
        try? readers.pool.syncShutdownGracefully()
        if writers !== readers { try? writers.pool.syncShutdownGracefully() }
    }

    private final class Lane: Sendable {
        let pool: NIOThreadPool
        private let waiting = Atomic(0)
        private let limit: Int

        init(_ threads: Int, _ limit: Int) {
            self.limit = limit
            pool = NIOThreadPool(numberOfThreads: threads)
            pool.start()
        }

        func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
            let count = waiting.add(1, ordering: .relaxed).newValue
            defer { waiting.subtract(1, ordering: .relaxed) }
            guard count <= limit else { throw ServiceError.overloaded }
            return try await pool.runIfActive(body)
        }
    }
}
