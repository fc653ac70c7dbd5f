// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyControl
internal import LatchkeyModel
internal import Logging
internal import Synchronization

/// Writes what becomes of sessions into the store, in order, on a thread of its own. What has come meanwhile is written
/// at once, so that many sessions that begin together do not cost a transaction each.
final class StoreJournal: SessionJournal {
    private let store: Store
    private let log: Logger
    private let writer = Workers(threads: 1)
    private let waiting = Mutex<[SessionChange]>([])

    init(store: Store, log: Logger) {
        self.store = store
        self.log = log
    }

    func changed(_ sessionID: String, status: SessionStatus) { note(sessionID, status, nil) }

    func ended(_ sessionID: String, status: SessionStatus, reason: String) {
        note(sessionID, status, reason.isEmpty ? nil : reason)
    }

    private func note(_ sessionID: String, _ status: SessionStatus, _ details: String?) {
        let change = SessionChange(id: sessionID, status: status, details: details, date: Date())
        let isFirst = waiting.withLock { waiting in
            waiting.append(change)
            return waiting.count == 1
        }
        guard isFirst else { return }
        write("session") { [self] in
            let changes = waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            try store.setSessions(changes)
        }
    }

    func pinged(_ instanceID: String) {
        let now = Date()
        write("ping") { [store] in try store.notePing(instanceID, at: now) }
    }

    private func write(_ what: String, _ body: @escaping @Sendable () throws -> Void) {
        writer.enqueue { [log] in
            do { try body() } catch {
                // A full disk must not end the sessions that run; what is missing is only their record.
                log.error("cannot write", metadata: ["what": "\(what)", "error": "\(error)"])
            }
        }
    }

    /// Waits until everything is written.
    func stop() { writer.drain() }
}
