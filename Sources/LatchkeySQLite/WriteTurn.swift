// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeyStore
internal import LatchkeySystem
internal import Synchronization

/// The right to write within one process. Threads wait for it, and the thread that has it waits for other processes; all of
/// them wait until a deadline only.
///
/// Its memory is its own and protected by its lock: hence `@unchecked`.
final class WriteTurn: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let hasEnded = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isTaken = false
    /// Of the thread that has the turn, in milliseconds on ``SystemClock``.
    private let deadline: Atomic<Int64>

    init() {
        // For opening the database, before there is a turn to take.
        deadline = Atomic(SystemClock.milliseconds() + SQLiteStore.serverBusyTimeout)
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(hasEnded, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(hasEnded)
        pthread_mutex_destroy(lock)
        hasEnded.deallocate()
        lock.deallocate()
    }

    /// Runs `body` when no other thread of this process writes.
    ///
    /// - Returns: nil, and `body` was not run, if that was not so before the deadline.
    func take<Value>(until deadline: Int64, _ body: () throws -> Value) rethrows -> Value? {
        guard begin(deadline) else { return nil }
        defer { end() }
        self.deadline.store(deadline, ordering: .relaxed)
        return try body()
    }

    /// Waits a moment for another process that writes.
    ///
    /// - Returns: false if the deadline of the thread that has the turn is over.
    func waits(tries: Int) -> Bool {
        let left = deadline.load(ordering: .relaxed) - SystemClock.milliseconds()
        guard left > 0 else { return false }
        usleep(UInt32(min(left, Int64(min(1 + tries, 20))) * 1000))
        return true
    }

    private func begin(_ deadline: Int64) -> Bool {
        var time = timespec()
        time.tv_sec = Int(deadline / 1000)
        time.tv_nsec = Int(deadline % 1000) * 1_000_000
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while isTaken {
            if pthread_cond_timedwait(hasEnded, lock, &time) == ETIMEDOUT, isTaken { return false }
        }
        isTaken = true
        return true
    }

    private func end() {
        pthread_mutex_lock(lock)
        isTaken = false
        pthread_cond_signal(hasEnded)
        pthread_mutex_unlock(lock)
    }
}
