// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import LatchkeyTestSupport
import Testing

/// A new name that looks like another one's is refused.
struct NameTests {
    private func instance(_ name: String?, _ state: InstanceState = .running) -> Instance {
        Instance(tags: name.map { ["Name": $0] } ?? [:], state: state, addresses: ["10.0.0.1"], created: time(0))
    }

    private func refusal(_ body: () throws -> Void) -> LatchkeyError? {
        do {
            try body()
            return nil
        } catch { return error as? LatchkeyError }
    }

    private func launch(_ instance: Instance) -> [(Instance, LaunchRecord)] {
        let record = LaunchRecord(
            instanceID: instance.id,
            imageID: "ami-1",
            instanceType: "t",
            launched: time(0),
            stateChanged: time(0)
        )
        return [(instance, record)]
    }

    @Test(arguments: [
        ("web-1", "w\u{435}b-1", #"'w\u{435}b-1' looks like the name of the instance 'web-1'"#),
        ("w\u{435}b-1", "web-1", #"'web-1' looks like the name of the instance 'w\u{435}b-1'"#),
        ("web-1", "web-l", "'web-l' looks like the name of the instance 'web-1'"),
        ("modern", "modem", "'modem' looks like the name of the instance 'modern'"),
        ("größe", "gro\u{308}ße", #"'gro\u{308}\u{DF}e' looks like the name of the instance 'gr\u{F6}\u{DF}e'"#),
    ])
    func `whichever way an instance gets its name`(known: String, name: String, words: String) throws {
        try withEachStore { store, _ in
            let (first, second) = (instance(known), instance("other"))
            try store.add(first)
            try store.add(second)
            let ways: [() throws -> Void] = [
                { try store.add(instance(name)) }, { try store.tag(second.id, set: ["Name": name], remove: []) },
                { try store.setTags(["Name": name], ofResources: [second.id]) },
                { try store.launch(launch(instance(name)), userData: nil) },
            ]
            for way in ways {
                let refused = refusal(way)
                #expect(refused?.code == .nameInvalid)
                #expect(refused?.message == words + " (\(first.id)), and is another")
            }
            #expect(try store.instances().count == 2)
            #expect(try store.instance("other") == second)
            // It may be called so itself, and what has been renamed, or is gone, is in nobody's way.
            try store.tag(first.id, set: ["Name": name], remove: [])
            try store.tag(first.id, set: ["Name": "quite-another"], remove: [])
            try store.tag(second.id, set: ["Name": known], remove: [])
            try store.removeInstance(second.id)
            try store.add(instance(known, .terminated))
            try store.add(instance(name))
        }
    }

    @Test func `an agent's computer and an activation give no name that looks like another`() throws {
        try withEachStore { store, _ in
            try store.add(instance("web-1"))
            let bare = instance(nil)
            try store.add(bare)
            try store.add(ManagedInstance(instanceID: bare.id, machineFingerprint: "m", registered: time(0)))
            try store.update(bare.id, with: ManagedInstance.Report(computerName: "web-l"), at: time(1))
            #expect(try store.instances(withIDs: [bare.id]).first?.name == nil)
            try store.update(bare.id, with: ManagedInstance.Report(computerName: "db-1"), at: time(2))
            #expect(try store.instances(withIDs: [bare.id]).first?.name == "db-1")
            try store.add(
                Activation(id: "a", defaultInstanceName: "w\u{435}b-1", expiration: time(100), created: time(0)),
                codeDigest: [UInt8](repeating: 1, count: 32)
            )
            let registered = try store.register(
                activationID: "a",
                codeDigest: [UInt8](repeating: 1, count: 32),
                publicKeyDER: [1],
                machineFingerprint: "m",
                joins: false,
                at: time(1)
            )
            #expect(registered.name == nil)
        }
    }

    @Test func `launches may share a name, as at EC2`() throws {
        try withEachStore { store, _ in
            try store.launch(launch(instance("web-1")), userData: nil)
            try store.launch(launch(instance("web-1")), userData: nil)
            #expect(try store.instances().map(\.name) == ["web-1", "web-1"])
        }
    }

    @Test func `a key pair's name, too`() throws {
        try withEachStore { store, _ in
            func add(_ name: String) throws {
                let key = try #require(
                    PublicKey(line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKiWz2aUN/tidNZ4UqbOQByoWMqb4VSSoTDte3IeOQDg")
                )
                _ = try store.addKeyPair(named: name) {
                    KeyPair(name: name, publicKey: key, fingerprint: "f", origin: .imported, created: time(0))
                }
            }
            try add("team-1")
            let refused = refusal { try add("team-I") }
            #expect(refused?.code == .nameInvalid)
            #expect(refused?.message == "'team-I' looks like the name of the key pair 'team-1', and is another")
            try add("team-2")
            #expect(try store.keyPairs().map(\.name) == ["team-1", "team-2"])
        }
    }
}
