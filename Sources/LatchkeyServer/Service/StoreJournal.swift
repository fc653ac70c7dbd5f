// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyControl
internal import LatchkeyModel
internal import Logging

/// Writes what becomes of sessions into the store, in order, on a thread of its own.
final class StoreJournal: SessionJournal {
    private let store: Store
    private let log: Logger
    private let writer = Workers(threads: 1)

    init(store: Store, log: Logger) {
        self.store = store
        self.log = log
    }

    func changed(_ sessionID: String, status: SessionStatus) {
        write("session") { [store] in try store.setSession(sessionID, status, at: Date()) }
    }

    func ended(_ sessionID: String, status: SessionStatus, reason: String) {
        let now = Date()
        write("session") { [store] in
            try store.setSession(sessionID, status, details: reason.isEmpty ? nil : reason, at: now)
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
