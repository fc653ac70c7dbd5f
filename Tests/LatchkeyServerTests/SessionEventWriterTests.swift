// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeyStore
import LatchkeySystem
import LatchkeyTestSupport
import Logging
import Testing

@testable import LatchkeyOperations
@testable import LatchkeyServer

/// What becomes of sessions, written into a store that does not always take it.
struct SessionEventWriterTests {
    private struct Place {
        let scratch: Scratch
        let store: SQLiteStore
        let events: SessionEventWriter

        func add(_ id: String, started: Date = Date(), ended: Date? = nil) throws {
            try store.add(
                SessionRecord(
                    id: id,
                    target: "mi-0123456789abcdef0",
                    owner: "arn:aws:iam::000000000000:user/ann",
                    documentName: SessionDocuments.shell,
                    status: ended == nil ? .connected : .terminated,
                    started: started,
                    ended: ended
                )
            )
        }

        func wait(for status: SessionStatus, _ id: String) throws {
            try TestRelay.wait(for: "\(id) to be \(status)") { try store.session(id)?.status == status }
        }
    }

    private func with(stopTimeout: Int64 = 5000, _ body: (Place) throws -> Void) throws {
        try Scratch.with { scratch in
            try StateFile.makeFolder(scratch.latchkeyHome)
            let store = try SQLiteStore(path: "\(scratch.latchkeyHome)/latchkey.db", isForServer: true)
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let events = SessionEventWriter(store: store, log: log, stopTimeout: stopTimeout)
            defer { events.stop() }
            try body(Place(scratch: scratch, store: store, events: events))
        }
    }

    /// No full disk, and no lock that goes by itself.
    private static func trigger(_ condition: String) -> String {
        """
        CREATE TRIGGER refusal BEFORE UPDATE ON session WHEN \(condition)
        BEGIN SELECT RAISE(ABORT, 'not now'); END
        """
    }

    @Test func `what cannot be written is kept, told of, and written when it can be`() throws {
        try with { place in
            try place.add("ann-1")
            try place.scratch.execute(Self.trigger("TRUE"))
            place.events.ended("ann-1", status: .failed, reason: "it broke")
            place.events.changed("ann-1", status: .connected)
            try TestRelay.wait(for: "several tries in vain") { place.events.failures > 1 }
            let waiting = place.events.unwritten(of: ["ann-1", "ann-2"])
            #expect(waiting.mapValues(\.status) == ["ann-1": .failed])
            #expect(try place.store.session("ann-1")?.status == .connected)
            try place.scratch.execute("DROP TRIGGER refusal")
            try place.wait(for: .failed, "ann-1")
            #expect(try place.store.session("ann-1")?.details == "it broke")
            try TestRelay.wait(for: "nothing to be left") { place.events.unwritten(of: ["ann-1"]).isEmpty }
        }
    }

    @Test func `one that cannot be written does not hold up the others`() throws {
        try with { place in
            for number in 0..<20 { try place.add("ann-\(number)") }
            try place.scratch.execute(Self.trigger("OLD.id = 'ann-7'"))
            for number in 0..<20 { place.events.ended("ann-\(number)", status: .terminated, reason: "") }
            for number in 0..<20 where number != 7 { try place.wait(for: .terminated, "ann-\(number)") }
            #expect(try place.store.session("ann-7")?.status == .connected)
            #expect(place.events.unwritten(of: ["ann-7"])["ann-7"]?.status == .terminated)
            try place.scratch.execute("DROP TRIGGER refusal")
            try place.wait(for: .terminated, "ann-7")
        }
    }

    @Test func `what waits is bounded, and nothing is lost at a stop`() throws {
        try with { place in
            try place.add("ann-1")
            try place.scratch.execute(Self.trigger("TRUE"))
            #expect(!place.events.isFull)
            for number in 0..<30_000 {
                place.events.changed("ann-\(number)", status: .connected)
                place.events.pinged("mi-\(number)")
                place.events.used("AKIA\(number)", at: Date())
            }
            #expect(place.events.isFull)
            place.events.ended("ann-1", status: .terminated, reason: "")
            try place.scratch.execute("DROP TRIGGER refusal")
            place.events.stop()
            #expect(try place.store.session("ann-1")?.status == .terminated)
        }
    }

    @Test func `whatever failed before a stop is tried once more, however little time is left`() throws {
        try with(stopTimeout: 0) { place in
            try place.add("ann-1")
            try place.scratch.execute(Self.trigger("TRUE"))
            place.events.ended("ann-1", status: .terminated, reason: "")
            try TestRelay.wait(for: "a failure") { place.events.failures > 0 }
            try place.scratch.execute("DROP TRIGGER refusal")
            place.events.stop()
            #expect(try place.store.session("ann-1")?.status == .terminated)
        }
    }

    @Test func `old sessions are forgotten again and again, a few at a time`() throws {
        try with { place in
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            var history = SessionHistory(store: place.store, log: log)
            history.interval = 50
            func addOld(_ count: Int) throws {
                let date = Date().addingTimeInterval(-SessionHistory.memory - 60)
                for number in 0..<count { try place.add("old-\(number)", started: date, ended: date) }
            }
            func count() throws -> Int { try place.store.sessions(isActive: false, limit: 1000).elements.count }
            try addOld(450)
            try place.add("new", ended: Date())
            try place.add("alive")
            let ticker = try history.start()
            defer { ticker.stop() }
            try TestRelay.wait(for: "the old ones to go") { try count() == 1 }
            try addOld(3)
            try TestRelay.wait(for: "the next ones to go") { try count() == 1 }
            #expect(try place.store.session("alive") != nil)
        }
    }
}
