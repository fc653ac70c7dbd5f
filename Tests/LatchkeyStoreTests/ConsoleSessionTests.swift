// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import Testing

struct ConsoleSessionTests {
    private static let now = Date(timeIntervalSince1970: 1_000_000)

    private static func session(_ id: String, _ key: AccessKey, for seconds: Double = 3600) -> ConsoleSession {
        ConsoleSession(
            id: id,
            accessKeyID: key.id,
            created: now,
            expires: now + seconds,
            lastUsed: now,
            sourceAddress: "10.0.0.1",
            userAgent: "Browser \u{2603}"
        )
    }

    private static func addKey(_ store: any ServerStore, _ user: String = "ann") throws -> AccessKey {
        let key = AccessKey(userName: user, created: now)
        try store.addAccessKey(key, sealedSecret: [1])
        return key
    }

    @Test func `a session is kept as it is until its end, and forgotten then`() throws {
        try withEachStore { store, _ in
            let key = try Self.addKey(store)
            let (short, long) = (Self.session("console-1", key, for: 60), Self.session("console-2", key))
            try store.addConsoleSession(short, tokenDigest: [1])
            try store.addConsoleSession(long, tokenDigest: [2])
            let both = try store.consoleSessions(at: Self.now + 59)
            #expect(both.map(\.session) == [short, long])
            #expect(both.map(\.tokenDigest) == [[1], [2]])
            #expect(try store.consoleSessions(at: Self.now + 60).map(\.session.id) == ["console-2"])
            // What is over does not come back with an earlier clock.
            #expect(try store.consoleSessions(at: Self.now).map(\.session.id) == ["console-2"])
        }
    }

    @Test func `a token shows one session only`() throws {
        try withEachStore { store, _ in
            let key = try Self.addKey(store)
            try store.addConsoleSession(Self.session("console-1", key), tokenDigest: [1])
            #expect(throws: (any Error).self) {
                try store.addConsoleSession(Self.session("console-2", key), tokenDigest: [1])
            }
            #expect(try store.consoleSessions(at: Self.now).map(\.session.id) == ["console-1"])
        }
    }

    @Test func `a session that is ended is gone, and ending it again does nothing`() throws {
        try withEachStore { store, _ in
            let key = try Self.addKey(store)
            try store.addConsoleSession(Self.session("console-1", key), tokenDigest: [1])
            try store.removeConsoleSession("console-1")
            try store.removeConsoleSession("console-1")
            #expect(try store.consoleSessions(at: Self.now).isEmpty)
        }
    }

    @Test func `uses are noted, and none is taken back`() throws {
        try withEachStore { store, _ in
            let key = try Self.addKey(store)
            try store.addConsoleSession(Self.session("console-1", key), tokenDigest: [1])
            func lastUsed() throws -> Date? { try store.consoleSessions(at: Self.now).first?.session.lastUsed }
            try store.noteConsoleSessionUses(["console-1": Self.now + 90, "console-gone": Self.now + 90])
            #expect(try lastUsed() == Self.now + 90)
            try store.noteConsoleSessionUses(["console-1": Self.now + 30])
            #expect(try lastUsed() == Self.now + 90)
        }
    }

    @Test func `sessions and links end with the access key that they rest on`() throws {
        try withEachStore { store, _ in
            let (key, other) = (try Self.addKey(store), try Self.addKey(store, "bob"))
            try store.addConsoleSession(Self.session("console-1", key), tokenDigest: [1])
            try store.addConsoleSession(Self.session("console-2", other), tokenDigest: [2])
            try store.addConsoleLink(codeDigest: [3], for: key.id, until: Self.now + 60)
            try store.removeAccessKey(key.id)
            #expect(try store.consoleSessions(at: Self.now).map(\.session.id) == ["console-2"])
            #expect(try store.redeemConsoleLink(codeDigest: [3], at: Self.now) == nil)
            #expect(throws: LatchkeyError.self) {
                try store.addConsoleSession(Self.session("console-3", key), tokenDigest: [4])
            }
            #expect(throws: LatchkeyError.self) {
                try store.addConsoleLink(codeDigest: [5], for: key.id, until: Self.now + 60)
            }
        }
    }

    @Test func `a link opens once, within its time, and of many at once one has it`() throws {
        try withEachStore { store, _ in
            let key = try Self.addKey(store)
            try store.addConsoleLink(codeDigest: [1], for: key.id, until: Self.now + 60)
            #expect(try store.redeemConsoleLink(codeDigest: [9], at: Self.now) == nil)
            #expect(try store.redeemConsoleLink(codeDigest: [1], at: Self.now + 59) == key.id)
            #expect(try store.redeemConsoleLink(codeDigest: [1], at: Self.now + 59) == nil)
            try store.addConsoleLink(codeDigest: [2], for: key.id, until: Self.now + 60)
            #expect(try store.redeemConsoleLink(codeDigest: [2], at: Self.now + 60) == nil)
            try store.addConsoleLink(codeDigest: [3], for: key.id, until: Self.now + 60)
            let results = SharedResults()
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                results.add(try? store.redeemConsoleLink(codeDigest: [3], at: Self.now))
            }
            #expect(results.all.compactMap(\.self).count == 1)
        }
    }

    private final class SharedResults: @unchecked Sendable {
        private let lock = NSLock()
        private var found: [AccessKey.ID?] = []

        func add(_ id: AccessKey.ID??) { lock.withLock { found.append(id ?? nil) } }

        var all: [AccessKey.ID?] { lock.withLock { found } }
    }
}
