// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyControl
internal import LatchkeyModel
internal import Logging
internal import Synchronization

/// Writes what becomes of sessions into the store, in order, on a thread of its own.
final class StoreJournal: SessionJournal {
    private let store: Store
    private let log: Logger
    private let writer = Workers(threads: 1)
    private let isStopping = Atomic(false)

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
