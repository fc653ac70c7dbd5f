// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyModel
internal import LatchkeyRelay
package import LatchkeyStore
internal import LatchkeySystem
package import Logging
internal import Synchronization

/// Writes what becomes of sessions into the store, and when agents and access keys were last heard of, on a thread of its own.
/// What has come meanwhile is written at once, so that many sessions that begin together do not cost a transaction each.
///
/// What cannot be written is kept, and tried again for as long as it takes: a session that has ended must not be told of as
/// alive by a store that was full, locked or out of order for a while. Of each session only the last news is kept.
package final class SessionEventWriter: SessionEventSink {
    /// Sessions whose news may wait; when there are more, no new ones are begun.
    private static let sessionLimit = 20_000
    /// Agents and access keys whose notes may wait; more of them are left out.
    private static let noteLimit = 20_000
    /// Milliseconds between a failure and the next try: the first time, and at the most.
    private static let pauses: (first: Int, last: Int) = (100, 2000)

    private struct Waiting {
        var sessions: [SessionRecord.ID: SessionChange] = [:]
        var pings: [Instance.ID: Date] = [:]
        var uses: [AccessKey.ID: Date] = [:]
        var isWriting = false
        /// Tries in vain since the last one that was not.
        var failures = 0

        var isEmpty: Bool { sessions.isEmpty && pings.isEmpty && uses.isEmpty }
    }

    private let store: any ServerStore
    private let log: Logger
    private let stopTimeout: Int64
    private let writer = BlockingPool(threads: 1)
    private let waiting = Mutex(Waiting())
    /// When nothing is tried any more, in milliseconds on ``SystemClock``; 0 as long as it goes on.
    private let end = Atomic<Int64>(0)

    /// - Parameter stopTimeout: milliseconds for which writing is tried again once the server stops.
    package init(store: any ServerStore, log: Logger, stopTimeout: Int64 = 5000) {
        self.store = store
        self.log = log
        self.stopTimeout = stopTimeout
    }

    // MARK: What is noted

    func changed(_ sessionID: String, status: SessionStatus) { note(sessionID, status, nil) }

    func ended(_ sessionID: String, status: SessionStatus, reason: String) {
        note(sessionID, status, reason.isEmpty ? nil : reason)
    }

    private func note(_ sessionID: String, _ status: SessionStatus, _ details: String?) {
        let change = SessionChange(id: sessionID, status: status, details: details, date: Date())
        note { waiting in
            // Nothing follows an end.
            if waiting.sessions[sessionID]?.status.isEnd != true { waiting.sessions[sessionID] = change }
        }
    }

    func pinged(_ instanceID: String) {
        let now = Date()
        note { waiting in
            if waiting.pings.count < SessionEventWriter.noteLimit || waiting.pings[instanceID] != nil {
                waiting.pings[instanceID] = now
            }
        }
    }

    /// An access key was used.
    func used(_ accessKeyID: AccessKey.ID, at date: Date) {
        note { waiting in
            if waiting.uses.count < SessionEventWriter.noteLimit || waiting.uses[accessKeyID] != nil {
                waiting.uses[accessKeyID] = date
            }
        }
    }

    private func note(_ body: (inout Waiting) -> Void) {
        let begins = waiting.withLock { waiting in
            body(&waiting)
            defer { waiting.isWriting = true }
            return !waiting.isWriting
        }
        if begins { writer.enqueue { [self] in writeAll() } }
    }

    // MARK: What is told

    /// Whether so much could not be written that nothing new is to be begun.
    var isFull: Bool { waiting.withLock { $0.sessions.count >= SessionEventWriter.sessionLimit } }

    /// What the store does not know yet of these sessions.
    func unwritten(of ids: [SessionRecord.ID]) -> [SessionRecord.ID: SessionChange] {
        waiting.withLock { waiting in
            Dictionary(uniqueKeysWithValues: Set(ids).compactMap { id in waiting.sessions[id].map { (id, $0) } })
        }
    }

    /// Tries in vain since the last one that was not.
    var failures: Int { waiting.withLock { $0.failures } }

    // MARK: Writing

    private func writeAll() {
        var pause = SessionEventWriter.pauses.first
        while true {
            let batch = waiting.withLock { waiting -> Waiting? in
                guard !waiting.isEmpty else {
                    waiting.isWriting = false
                    return nil
                }
                return waiting
            }
            guard let batch else { break }
            let began = SystemClock.milliseconds()
            do {
                try write(batch)
                if failures > 0 { log.notice("written again", metadata: ["failures": "\(failures)"]) }
                waiting.withLock { $0.failures = 0 }
                pause = SessionEventWriter.pauses.first
            } catch {
                if failures == 0 {
                    log.error("cannot write, and will try again", metadata: ["error": "\(error)"])
                }
                waiting.withLock { $0.failures += 1 }
                guard rest(pause, since: began) else { return giveUp() }
                pause = min(2 * pause, SessionEventWriter.pauses.last)
            }
        }
    }

    /// Writes a batch, and takes from what waits what was written.
    ///
    /// - Throws: the first error. What else could be written was, unless nothing can be.
    private func write(_ batch: Waiting) throws {
        var failures = WriteFailures()
        try write(batch.sessions.values.shuffled()[...], &failures)
        if let error = failures.error, !failures.isAnyWritten { throw error }
        if !batch.pings.isEmpty {
            try store.notePings(batch.pings)
            waiting.withLock { $0.pings = $0.pings.filter { id, date in batch.pings[id] != date } }
        }
        if !batch.uses.isEmpty {
            try store.noteAccessKeyUses(batch.uses)
            waiting.withLock { $0.uses = $0.uses.filter { id, date in batch.uses[id] != date } }
        }
        if let error = failures.error { throw error }
    }

    /// How writing one by one goes.
    private struct WriteFailures {
        var error: (any Error)?
        /// How many were refused since one was written.
        var count = 0
        var isAnyWritten = false
    }

    /// Writes changes at once, and if that cannot be, each half by itself, so that one which cannot be written does not hold up
    /// the others, and costs them few transactions.
    ///
    /// - Throws: `storeBusy`, after which no part is worth its wait.
    private func write(_ changes: ArraySlice<SessionChange>, _ failures: inout WriteFailures) throws {
        // Once some that have nothing to do with each other are refused, all of them will be.
        guard !changes.isEmpty, failures.count < 3 else { return }
        do {
            try store.setSessions(Array(changes))
            done(changes)
            (failures.count, failures.isAnyWritten) = (0, true)
        } catch let error as LatchkeyError where error.code == .storeBusy {
            throw error
        } catch {
            if failures.error == nil { failures.error = error }
            guard changes.count > 1 else { return failures.count += 1 }
            let middle = changes.startIndex + changes.count / 2
            try write(changes[..<middle], &failures)
            try write(changes[middle...], &failures)
        }
    }

    private func done(_ changes: ArraySlice<SessionChange>) {
        waiting.withLock { waiting in
            for change in changes where waiting.sessions[change.id]?.date == change.date {
                if waiting.sessions[change.id]?.status == change.status { waiting.sessions[change.id] = nil }
            }
        }
    }

    /// Waits, unless the end is near. Whatever a try took that began before the server was told to stop, another one follows.
    ///
    /// - Parameter began: when the try began that failed, in milliseconds on ``SystemClock``.
    /// - Returns: false if there is no next try.
    private func rest(_ milliseconds: Int, since began: Int64) -> Bool {
        let next = SystemClock.milliseconds() + Int64(milliseconds)
        while SystemClock.milliseconds() < next {
            let end = end.load(ordering: .relaxed)
            if end > 0 {
                if began < end - stopTimeout { return true }
                if SystemClock.milliseconds() >= end { return false }
            }
            usleep(20_000)
        }
        return true
    }

    private func giveUp() {
        let sessions = waiting.withLock { $0.sessions.count }
        log.error(
            "not written at the end: the next start finds sessions alive that are not",
            metadata: ["sessions": "\(sessions)"]
        )
    }

    /// Waits until everything is written, for as long as it may be tried.
    package func stop() {
        end.store(SystemClock.milliseconds() + stopTimeout, ordering: .relaxed)
        writer.drain()
    }
}
