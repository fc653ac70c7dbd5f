// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import Testing

struct PushedKeyTests {
    private static func key(_ number: UInt8) throws -> PublicKey {
        let blob = [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32] + [UInt8](repeating: number, count: 32)
        return try #require(PublicKey(blob: Data(blob)))
    }

    @Test func `a pushed key is there for its time, its instance and its user`() throws {
        try withEachStore { store, _ in
            let now = Date(timeIntervalSince1970: 1_000_000)
            let instance = Instance(tags: ["Name": "web-1"], addresses: ["10.0.0.1"], created: now)
            let other = Instance(tags: ["Name": "web-2"], addresses: ["10.0.0.2"], created: now)
            try store.add(instance)
            try store.add(other)
            let (first, second) = (try Self.key(1), try Self.key(2))
            #expect(try store.push(first, to: instance.id, user: "admin", until: now + 60, at: now))
            #expect(try store.push(second, to: instance.id, user: "admin", until: now + 90, at: now + 30))
            func keys(_ id: String, _ user: String, _ time: Double) throws -> [PublicKey] {
                try store.pushedKeys(of: id, user: user, at: now + time).map(\.key)
            }
            #expect(try keys(instance.id, "admin", 31) == [first, second])
            let ends = try store.pushedKeys(of: instance.id, user: "admin", at: now + 31).map(\.end)
            #expect(ends == [now + 60, now + 90])
            #expect(try keys(instance.id, "admin", 60) == [second])
            #expect(try keys(instance.id, "admin", 90) == [])
            #expect(try keys(instance.id, "root", 31) == [])
            #expect(try keys(other.id, "admin", 31) == [])
            // Pushed again, it stays longer.
            #expect(try store.push(first, to: instance.id, user: "admin", until: now + 120, at: now + 60))
            #expect(try keys(instance.id, "admin", 119) == [first])
            #expect(throws: LatchkeyError.self) {
                _ = try store.push(first, to: "i-00000000000000000", user: "admin", until: now + 60, at: now)
            }
        }
    }
}
