// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyControl
internal import LatchkeyModel
internal import Logging
internal import Synchronization

/// Writes what becomes of sessions into the store, and when agents and access keys were last heard of, on a thread of its own.
/// What has come meanwhile is written at once, so that many sessions that begin together do not cost a transaction each.
///
/// What cannot be written is kept, and tried again for as long as it takes: a session that has ended must not be told of as
/// alive by a store that was full, locked or out of order for a while. Of each session only the last news is kept.
final class StoreJournal: SessionJournal {
    /// Sessions whose news may wait; when there are more, no new ones are begun.
    private static let sessionLimit = 20_000
    /// Agents and access keys whose notes may wait; more of them are left out.
    private static let noteLimit = 20_000
    /// Milliseconds between a failure and the next try: the first time, and at the most.
    private static let pauses: (first: Int, last: Int) = (100, 2000)
    /// Milliseconds for which writing is tried again once the server stops.
    private static let stopPatience: Int64 = 5000

    private struct Waiting {
        var sessions: [SessionRecord.ID: SessionChange] = [:]
        var pings: [Instance.ID: Date] = [:]
        var uses: [AccessKey.ID: Date] = [:]
        var isWriting = false

        var isEmpty: Bool { sessions.isEmpty && pings.isEmpty && uses.isEmpty }
    }

    private let store: Store
    private let log: Logger
    private let writer = Workers(threads: 1)
    private let waiting = Mutex(Waiting())
    /// When nothing is tried any more, in milliseconds on ``SystemClock``; 0 as long as it goes on.
    private let end = Atomic<Int64>(0)

    init(store: Store, log: Logger) {
        self.store = store
        self.log = log
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
            if waiting.pings.count < StoreJournal.noteLimit || waiting.pings[instanceID] != nil {
                waiting.pings[instanceID] = now
            }
        }
    }

    /// An access key was used.
    func used(_ accessKeyID: AccessKey.ID, at date: Date) {
        note { waiting in
            if waiting.uses.count < StoreJournal.noteLimit || waiting.uses[accessKeyID] != nil {
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
    var isFull: Bool { waiting.withLock { $0.sessions.count >= StoreJournal.sessionLimit } }

    /// What the store does not know yet of these sessions.
    func unwritten(of ids: [SessionRecord.ID]) -> [SessionRecord.ID: SessionChange] {
        waiting.withLock { waiting in
            Dictionary(uniqueKeysWithValues: Set(ids).compactMap { id in waiting.sessions[id].map { (id, $0) } })
        }
    }

    // MARK: Writing

    private func writeAll() {
        var pause = StoreJournal.pauses.first
        var failures = 0
        while true {
            let batch = waiting.withLock { waiting -> Waiting? in
                guard !waiting.isEmpty else {
                    waiting.isWriting = false
                    return nil
                }
                return waiting
            }
            guard let batch else { break }
            do {
                try write(batch)
                if failures > 0 { log.notice("written again", metadata: ["failures": "\(failures)"]) }
                (failures, pause) = (0, StoreJournal.pauses.first)
            } catch {
                if failures == 0 {
                    log.error("cannot write, and will try again", metadata: ["error": "\(error)"])
                }
                failures += 1
                guard rest(pause) else { return giveUp() }
                pause = min(2 * pause, StoreJournal.pauses.last)
            }
        }
    }

    /// Writes a batch, and takes from what waits what was written.
    ///
    /// - Throws: the first error. What else could be written was.
    private func write(_ batch: Waiting) throws {
        var failure: (any Error)?
        let changes = Array(batch.sessions.values)
        do {
            if !changes.isEmpty { try store.setSessions(changes) }
            done(changes)
        } catch {
            // Nothing can be written, unless one of many can.
            guard writeSingly(changes) else { throw error }
            failure = error
        }
        for (id, date) in batch.pings {
            do { try store.notePing(id, at: date) } catch let error as LatchkeyError
                where error.code == .instanceNotFound
            {
                // Removed meanwhile.
            }
            waiting.withLock { if $0.pings[id] == date { $0.pings[id] = nil } }
        }
        for (id, date) in batch.uses {
            try store.noteAccessKeyUse(id, at: date)
            waiting.withLock { if $0.uses[id] == date { $0.uses[id] = nil } }
        }
        if let failure { throw failure }
    }

    /// Writes each by itself, so that one which cannot be written does not hold up the others.
    ///
    /// - Returns: whether any was written.
    private func writeSingly(_ changes: [SessionChange]) -> Bool {
        guard changes.count > 1 else { return false }
        var (failures, isAny) = (0, false)
        for change in changes.shuffled() where failures < 3 {
            do {
                try store.setSessions([change])
                done([change])
                (failures, isAny) = (0, true)
            } catch {
                // The error of all of them is the one that is told.
                failures += 1
            }
        }
        return isAny
    }

    private func done(_ changes: [SessionChange]) {
        waiting.withLock { waiting in
            for change in changes where waiting.sessions[change.id]?.date == change.date {
                if waiting.sessions[change.id]?.status == change.status { waiting.sessions[change.id] = nil }
            }
        }
    }

    /// Waits, unless the end is near.
    ///
    /// - Returns: false if there is no next try.
    private func rest(_ milliseconds: Int) -> Bool {
        let next = SystemClock.milliseconds() + Int64(milliseconds)
        while SystemClock.milliseconds() < next {
            let end = end.load(ordering: .relaxed)
            if end > 0 && SystemClock.milliseconds() >= end { return false }
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

    /// Waits until everything is written, for ``stopPatience`` at the most.
    func stop() {
        end.store(SystemClock.milliseconds() + StoreJournal.stopPatience, ordering: .relaxed)
        writer.drain()
    }
}
