// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import LatchkeySystem
import LatchkeyTestSupport
import Testing

struct ActivationTests {
    private static let digest = [UInt8](repeating: 7, count: 32)

    private func activation(
        name: String? = nil,
        role: String? = nil,
        limit: Int = 1,
        created: Double = 0,
        tags: Tags = [:]
    ) -> Activation {
        Activation(
            description: "rack 4",
            defaultInstanceName: name,
            iamRole: role,
            registrationLimit: limit,
            expiration: time(3600),
            created: time(created),
            tags: tags
        )
    }

    @Test func `a machine becomes an instance and its agent's side`() throws {
        try withEachStore { store, another in
            let activation = activation(name: "rack-4", limit: 2, tags: ["env": "prod"])
            try store.add(activation, codeDigest: Self.digest)
            let instance = try store.register(activation, key: [48, 1], at: 10.0004)
            #expect(instance.id.hasPrefix("mi-") && Identifier.looksLikeInstanceID(instance.id))
            #expect(instance.tags == ["Name": "rack-4", "env": "prod"])
            #expect(instance.state == .running)
            #expect(instance.addresses.isEmpty)
            #expect(
                try store.managedInstance(instance.id)
                    == ManagedInstance(
                        instanceID: instance.id,
                        publicKeyDER: [48, 1],
                        machineFingerprint: "machine",
                        activationID: activation.id,
                        registered: time(10)
                    )
            )
            #expect(try another().activations(limit: 10).elements.map(\.registrationsCount) == [1])
            // An instance without an address is found and listed as any other.
            #expect(try store.instances() == [instance])
            #expect(try store.instances(withIDs: ["mi-0", instance.id]) == [instance])
            for selector in [instance.id, String(instance.id.prefix(8)), "rack-4", "rack", "tag:env=prod"] {
                #expect(try store.instance(selector) == instance, "\(selector)")
            }
        }
    }

    @Test func `a name is given to one instance, and only a lawful one`() throws {
        try withEachStore { store, _ in
            try store.add(Instance(tags: ["Name": "taken"], addresses: ["10.0.0.1"], created: time(0)))
            let cases: [(String?, Tags, String?)] = [
                ("taken", [:], nil), ("i-0aaa", [:], nil), ("free", ["Name": "other"], "free"),
                ("free", ["Name": "other"], "other"), ("free", ["Name": "other"], nil), (nil, ["Name": "taken"], nil),
            ]
            for (name, tags, expected) in cases {
                let activation = activation(name: name, tags: tags)
                try store.add(activation, codeDigest: Self.digest)
                #expect(try store.register(activation).name == expected, "\(name ?? "-"), \(tags)")
            }
        }
    }

    @Test func `a wrong code, an unknown id, a late or one too many machine changes nothing`() throws {
        try withEachStore { store, _ in
            let activation = activation()
            try store.add(activation, codeDigest: Self.digest)
            var wrong = Self.digest
            wrong[31] ^= 1
            for digest in [wrong, [], Array(Self.digest.prefix(31))] {
                #expect(code { _ = try store.register(activation, digest: digest) } == .activationInvalid)
                // Whether it has expired is nobody's business who does not have the code.
                #expect(code { _ = try store.register(activation, digest: digest, at: 9999) } == .activationInvalid)
            }
            #expect(code { _ = try store.register(self.activation()) } == .activationInvalid)
            #expect(code { _ = try store.register(activation, at: 3600) } == .activationExpired)
            #expect(try store.instances().isEmpty)
            #expect(try store.activations(limit: 1).elements.map(\.registrationsCount) == [0])

            let instance = try store.register(activation, at: 3599.999)
            #expect(code { _ = try store.register(activation) } == .activationExhausted)
            // Removing it makes no room for another.
            try store.removeInstance(instance.id)
            #expect(code { _ = try store.register(activation) } == .activationExhausted)
            #expect(try store.instances().isEmpty)
        }
    }

    @Test func `several that register at once never exceed the limit`() throws {
        try withEachStore { store, another in
            let activation = activation(name: "rack", limit: 25)
            try store.add(activation, codeDigest: Self.digest)
            let work = Work(stores: try (0..<8).map { _ in try another() })
            let register: @Sendable () -> Void = {
                guard let store = work.take() else { return }
                for _ in 0..<10 { work.note { try store.register(activation).id } }
            }
            guard let threads = Threads(8, register) else { throw HarnessError("no threads") }
            threads.join()
            #expect(work.failures.count == 55)
            #expect(work.failures.allSatisfy { $0 == .activationExhausted })
            #expect(Set(work.made).count == 25)
            #expect(Set(try store.instances().map(\.id)) == Set(work.made))
            #expect(try store.instances().filter { $0.name == "rack" }.count == 1)
            #expect(try store.managedInstances(limit: 100).elements.count == 25)
            #expect(try store.activations(limit: 1).elements.map(\.registrationsCount) == [25])
        }
    }

    @Test func `a machine that did not hear the answer asks again and counts once`() throws {
        try withEachStore { store, another in
            let activation = activation(name: "rack-4", limit: 2)
            try store.add(activation, codeDigest: Self.digest)
            func count() throws -> [Int] { try store.activations(limit: 1).elements.map(\.registrationsCount) }
            let first = try store.register(activation, key: [1])
            #expect(try store.register(activation, key: [1], at: 3599) == first)
            #expect(try another().register(activation, key: [1], joins: true) == first)
            #expect(try count() == [1])
            // With the code alone nothing is had, and nothing after the end.
            #expect(code { _ = try store.register(activation, digest: [], key: [1]) } == .activationInvalid)
            #expect(code { _ = try store.register(activation, key: [1], at: 3600) } == .activationExpired)
            // Another key is another machine, and so is a copy of the machine that has the key along.
            let copy = try store.register(activation, key: [1], machine: "copy")
            #expect(copy.id != first.id)
            #expect(try count() == [2])
            for key in [[1], [1, 0], []] as [[UInt8]] {
                #expect(
                    code { _ = try store.register(activation, key: key, machine: "other") } == .activationExhausted
                )
            }
            #expect(try store.register(activation, key: [1]) == first)
            #expect(try store.register(activation, key: [1], machine: "copy") == copy)
            // From the first sign of life on, the registration is settled.
            try store.notePings([first.id: time(20)])
            #expect(code { _ = try store.register(activation, key: [1]) } == .activationExhausted)
            // What was removed does not come back.
            try store.removeInstance(copy.id)
            #expect(code { _ = try store.register(activation, key: [1], machine: "copy") } == .activationExhausted)
            #expect(try store.instances() == [first])
        }
    }

    @Test func `a key that was shown with one activation counts for no other`() throws {
        try withEachStore { store, _ in
            let all = [activation(name: "a"), activation(name: "b")]
            for activation in all { try store.add(activation, codeDigest: Self.digest) }
            let found = try all.map { try store.register($0, key: [1]) }
            #expect(Set(found.map(\.id)).count == 2)
            #expect(try store.activations(limit: 2).elements.map(\.registrationsCount) == [1, 1])
        }
    }

    @Test func `a machine that joined a known instance and asks again joins it still`() throws {
        try withEachStore { store, _ in
            let known = Instance(tags: ["Name": "rack-4"], addresses: ["10.0.0.1"], created: time(0))
            try store.add(known)
            let activation = activation(name: "rack-4")
            try store.add(activation, codeDigest: Self.digest)
            for _ in 0..<2 { #expect(try store.register(activation, key: [1], joins: true).id == known.id) }
            #expect(try store.instances().count == 1)
        }
    }

    @Test func `deleting an activation leaves its instances`() throws {
        try withEachStore { store, another in
            let activation = activation(limit: 2, tags: ["a": "b"])
            try store.add(activation, codeDigest: Self.digest)
            let instance = try store.register(activation)
            try store.removeActivation(activation.id)
            #expect(code { _ = try store.register(activation) } == .activationInvalid)
            #expect(code { try store.removeActivation(activation.id) } == .activationInvalid)
            #expect(try store.managedInstance(instance.id)?.activationID == activation.id)
        }
    }

    @Test func `filters are all fulfilled, each by one of its values`() throws {
        try withEachStore { store, _ in
            let all = [
                activation(name: "a", role: "x", created: 1), activation(name: "a", role: "y", created: 2),
                activation(name: "b", role: "x", created: 3), activation(created: 4),
            ]
            for activation in all { try store.add(activation, codeDigest: Self.digest) }
            let cases: [([(String, [String])], [Int])] = [
                ([], [0, 1, 2, 3]),
                ([("DefaultInstanceName", ["a"])], [0, 1]),
                ([("DefaultInstanceName", ["a", "b"]), ("IamRole", ["x"])], [0, 2]),
                ([("ActivationIds", [all[3].id, all[1].id, "?"])], [1, 3]),
                ([("IamRole", [])], []),
            ]
            for (filters, expected) in cases {
                let filters = try filters.map { try #require(ActivationFilter(key: $0, values: $1)) }
                #expect(try store.activations(filters, limit: 9).elements == expected.map { all[$0] }, "\(filters)")
            }
            #expect(ActivationFilter(key: "Name", values: []) == nil)
        }
    }

    @Test func `pages are complete and without doubles while activations come and go`() throws {
        try withEachStore { store, _ in
            // Several of one moment, so that a page ends among them.
            let all = (0..<10).map { activation(created: Double($0 / 4)) }
            for activation in all { try store.add(activation, codeDigest: Self.digest) }
            var added: [Activation.ID] = []
            let seen = try collect(
                meanwhile: {
                    guard added.count < 6 else { return }
                    let one = activation(created: Double(added.count % 2) * 100)
                    try store.add(one, codeDigest: Self.digest)
                    added.append(one.id)
                },
                { try store.activations(limit: 3, after: $0) }
            )
            let ids = seen.map(\.id)
            #expect(Set(ids).count == ids.count)
            #expect(
                ids.filter { !added.contains($0) } == all.sorted { ($0.created, $0.id) < ($1.created, $1.id) }.map(\.id)
            )
            #expect(try store.activations(limit: 100).next == nil)
            for text in ["", "1", ".a", "x.a", "1."] { #expect(PageCursor(text) == nil, "\(text)") }
        }
    }
}

extension ServerStore {
    fileprivate func register(
        _ activation: Activation,
        digest: [UInt8] = [UInt8](repeating: 7, count: 32),
        key: [UInt8] = Array(UUID().uuidString.utf8),
        machine: String = "machine",
        joins: Bool = false,
        at seconds: Double = 10
    ) throws -> Instance {
        try register(
            activationID: activation.id,
            codeDigest: digest,
            publicKeyDER: key,
            machineFingerprint: machine,
            joins: joins,
            at: time(seconds)
        )
    }
}

/// Stores to hand out among threads, and what came of the work with them.
private final class Work: @unchecked Sendable {
    private let lock = NSLock()
    private var stores: [any ServerStore]
    private(set) var made: [String] = []
    private(set) var failures: [LatchkeyError.Code?] = []

    init(stores: [any ServerStore]) { self.stores = stores }

    func take() -> (any ServerStore)? { lock.withLock { stores.popLast() } }

    func note(_ body: () throws -> String) {
        do {
            let id = try body()
            lock.withLock { made.append(id) }
        } catch {
            lock.withLock { failures.append((error as? LatchkeyError)?.code) }
        }
    }
}
