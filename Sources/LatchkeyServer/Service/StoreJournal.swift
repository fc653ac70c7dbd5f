// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
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
    private let isStopping = Atomic(false)

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
            do { try store.setSessions(changes) } catch let error as LatchkeyError where error.code == .storageFull {
                // For the next try.
                waiting.withLock { $0.insert(contentsOf: changes, at: 0) }
                throw error
            }
        }
    }

    func pinged(_ instanceID: String) {
        let now = Date()
        write("ping") { [store] in try store.notePing(instanceID, at: now) }
    }

    /// Microseconds between two looks whether a full disk has room again.
    private static let pause: UInt32 = 500_000

    private func write(_ what: String, _ body: @escaping @Sendable () throws -> Void) {
        writer.enqueue { [self] in
            var isToldOf = false
            while true {
                do { return try body() } catch {
                    // A full disk must not end the sessions that run; their record is caught up on later.
                    if !isToldOf { log.error("cannot write", metadata: ["what": "\(what)", "error": "\(error)"]) }
                    isToldOf = true
                    guard (error as? LatchkeyError)?.code == .storageFull, !isStopping.load(ordering: .relaxed) else {
                        return
                    }
                    usleep(StoreJournal.pause)
                }
            }
        }
    }

    /// Waits until everything is written for which there is room.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        writer.drain()
    }
}
