// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import LatchkeyTestSupport
import Testing

/// Pages are bounded in bytes, and what was stored before there were limits can still be read.
struct LimitTests {
    /// Tags as many and as long as they may be, none of them like another instance's.
    private static func tags(_ index: Int) -> Tags {
        var tags: Tags = [:]
        for number in 0..<StoreLimit.tagsPerResource {
            let key = "\(index)-\(number)-"
            tags[key + String(repeating: "é", count: 128 - key.count)] = String(repeating: "🙂", count: 256)
        }
        return tags
    }

    private static func add(_ count: Int, _ store: any ServerStore) throws -> [Instance.ID] {
        try (0..<count)
            .map { index in
                let id = "i-" + String(repeating: "0", count: 15) + String(16 + index, radix: 16)
                try store.add(Instance(id: id, tags: tags(index), addresses: ["10.0.0.1"], created: time(0)))
                return id
            }
    }

    @Test func `a page of instances ends where its tags are too much`() throws {
        try withEachStore { store, _ in
            let ids = try Self.add(70, store)
            try store.add(Instance(id: "i-00000000000000001", tags: [:], addresses: [], created: time(0)))
            var (found, sizes, last): ([Instance.ID], [Int], Instance.ID?) = ([], [], nil)
            repeat {
                let (page, hasMore) = try store.describeInstances(limit: 1000, after: last)
                #expect(
                    page.dropFirst(found.isEmpty ? 1 : 0).allSatisfy { $0.tags.count == StoreLimit.tagsPerResource }
                )
                found += page.map(\.id)
                sizes.append(page.flatMap(\.tags).reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count })
                last = hasMore ? page.last?.id : nil
            } while last != nil
            #expect(found == ["i-00000000000000001"] + ids)
            #expect(sizes.count > 1 && sizes.allSatisfy { $0 <= 2 << 20 }, "\(sizes)")
            #expect(try store.describeInstances(ids: ids, limit: 70).hasMore)
            #expect(try store.knownInstanceIDs(among: ids + ["i-f"]) == Set(ids))
            // A thousand of the usual size are one page, as they were.
            #expect(
                try store.describeInstances(ids: [ids[0]], limit: 1).page.first?.tags.count
                    == StoreLimit.tagsPerResource
            )
        }
    }

    @Test func `a thousand usual instances are one page`() throws {
        try withEachStore { store, _ in
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
        try withEachStore { store, _ in
            let ids = try Self.add(40, store)
            var (found, last): ([TagDescription], (resourceID: String, key: String)?) = ([], nil)
            repeat {
                let (page, next) = try store.describeTags([], limit: 5000, after: last)
                #expect(page.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } <= 2 << 20)
                found += page
                last = next
            } while last != nil
            #expect(found.count == 40 * StoreLimit.tagsPerResource && Set(found.map(\.resourceID)) == Set(ids))
            #expect(Set(found.map { $0.resourceID + $0.key }).count == found.count)
        }
    }

    @Test func `key pairs, which come without pages, share a room for their tags`() throws {
        try withEachStore { store, _ in
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
}
