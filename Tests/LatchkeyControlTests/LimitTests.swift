// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyControl
import LatchkeyModel
import LatchkeyTestSupport
import Testing

/// Pages are bounded in bytes, and what was stored before there were limits can still be read.
struct LimitTests {
    /// Tags as many and as long as they may be, none of them like another instance's.
    private static func tags(_ index: Int) -> Tags {
        var tags: Tags = [:]
        for number in 0..<Store.tagLimit {
            let key = "\(index)-\(number)-"
            tags[key + String(repeating: "é", count: 128 - key.count)] = String(repeating: "🙂", count: 256)
        }
        return tags
    }

    private static func add(_ count: Int, _ store: Store) throws -> [Instance.ID] {
        try (0..<count)
            .map { index in
                let id = "i-" + String(repeating: "0", count: 15) + String(16 + index, radix: 16)
                try store.add(Instance(id: id, tags: tags(index), addresses: ["10.0.0.1"], created: time(0)))
                return id
            }
    }

    @Test func `a page of instances ends where its tags are too much`() throws {
        try withStore { store, _ in
            let ids = try Self.add(70, store)
            try store.add(Instance(id: "i-00000000000000001", tags: [:], addresses: [], created: time(0)))
            var (found, sizes, last): ([Instance.ID], [Int], Instance.ID?) = ([], [], nil)
            repeat {
                let (page, hasMore) = try store.describeInstances(limit: 1000, after: last)
                #expect(page.dropFirst(found.isEmpty ? 1 : 0).allSatisfy { $0.tags.count == Store.tagLimit })
                found += page.map(\.id)
                sizes.append(page.flatMap(\.tags).reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count })
                last = hasMore ? page.last?.id : nil
            } while last != nil
            #expect(found == ["i-00000000000000001"] + ids)
            #expect(sizes.count > 1 && sizes.allSatisfy { $0 <= 2 << 20 }, "\(sizes)")
            #expect(try store.describeInstances(ids: ids, limit: 70).hasMore)
            #expect(try store.knownInstanceIDs(among: ids + ["i-f"]) == Set(ids))
            // A thousand of the usual size are one page, as they were.
            #expect(try store.describeInstances(ids: [ids[0]], limit: 1).page.first?.tags.count == Store.tagLimit)
        }
    }

    @Test func `a thousand usual instances are one page`() throws {
        try withStore { store, _ in
            for index in 0..<1000 {
                try store.add(
                    Instance(
                        tags: ["Name": "web-\(index)", "env": "prod", "owner": "team@example.com", "cost": "0815"],
                        addresses: ["10.0.0.1"],
                        created: time(0)
                    )
                )
            }
            let (page, hasMore) = try store.describeInstances(limit: 1000)
            #expect(page.count == 1000 && !hasMore)
        }
    }

    @Test func `tags are listed to the last, page by page`() throws {
        try withStore { store, _ in
            let ids = try Self.add(40, store)
            var (found, last): ([TagDescription], (resourceID: String, key: String)?) = ([], nil)
            repeat {
                let (page, next) = try store.describeTags([], limit: 5000, after: last)
                #expect(page.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } <= 2 << 20)
                found += page
                last = next
            } while last != nil
            #expect(found.count == 40 * Store.tagLimit && Set(found.map(\.resourceID)) == Set(ids))
            #expect(Set(found.map { $0.resourceID + $0.key }).count == found.count)
        }
    }

    @Test func `key pairs, which come without pages, share a room for their tags`() throws {
        try withStore { store, _ in
            let key = try #require(
                PublicKey(line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKiWz2aUN/tidNZ4UqbOQByoWMqb4VSSoTDte3IeOQDg")
            )
            func add(_ index: Int, _ tags: Tags) throws -> KeyPair {
                try store.addKeyPair(named: "pair-\(index)") {
                    KeyPair(
                        name: "pair-\(index)",
                        publicKey: key,
                        fingerprint: "f",
                        origin: .imported,
                        tags: tags,
                        created: time(0)
                    )
                }
            }
            var count = 0
            while code({ _ = try add(count + 2, Self.tags(count)) }) == nil, count < 100 { count += 1 }
            #expect((10..<20).contains(count), "\(count)")
            #expect(try store.keyPairs().count == count)
            let plain = try add(99, [:])
            #expect(code { try store.setTags(Self.tags(99), ofResources: [plain.id]) } == .usage)
            #expect(try store.keyPair(named: "pair-99")?.tags == [:])
            try store.setTags(["env": "prod"], ofResources: [plain.id])
        }
    }

    /// As an older version let them in: a character to it, a MB to everybody else.
    @Test func `what is longer than it may be is read, and shown in part`() throws {
        try withStore { store, path in
            let web = Instance(
                id: "i-0aaaaaaaaaaaaaaaa",
                tags: ["Name": "web-1", "k": "v"],
                addresses: [],
                created: time(0)
            )
            try store.add(web)
            try store.add(ManagedInstance(instanceID: web.id, machineFingerprint: "m", registered: time(0)))
            try store.update(web.id, with: ManagedInstance.Report(agentName: "a", computerName: "c"), at: time(1))
            let tower = "'a' || replace(printf('%500000d', 0), '0', char(769))"
            try execute(
                """
                UPDATE instanceTag SET value = \(tower);
                UPDATE instanceTag SET key = \(tower) WHERE key = 'k';
                UPDATE managedInstance SET computerName = \(tower), agentName = \(tower), platformName = \(tower)
                """,
                path
            )
            let read = try #require(try store.instances(withIDs: [web.id]).first)
            #expect(read.name?.unicodeScalars.count == TextLimit.tagValue.scalars)
            #expect(read.tags.allSatisfy { $0.key.fits(.tagKey) && $0.value.fits(.tagValue) } && read.tags.count == 2)
            #expect(
                try store.describeInstances(limit: 10).page.first?.tags.allSatisfy { $0.value.fits(.tagValue) } == true
            )
            let report = try #require(try store.managedInstance(web.id)?.report)
            #expect(
                [report.computerName, report.agentName, report.platformName]
                    .allSatisfy { $0?.fits(.reportedField) == true }
            )
            #expect(try store.names(beginningWith: "a", limit: 5).allSatisfy { $0.fits(.instanceName) })
            // Every page ends, and the next one goes on behind it.
            var (found, last, turns): ([TagDescription], (resourceID: String, key: String)?, Int) = ([], nil, 0)
            repeat {
                let (page, next) = try store.describeTags([], limit: 1, after: last)
                (found, last, turns) = (found + page, next, turns + 1)
            } while last != nil && turns < 9
            #expect(found.count == 2 && turns == 2)
            #expect(found.allSatisfy { $0.key.fits(.tagKey) && $0.value.fits(.tagValue) })
            // It can be given another name.
            try store.tag(web.id, set: ["Name": "web-1"], remove: [])
            #expect(try store.instance(named: "web-1").id == web.id)
        }
    }
}
