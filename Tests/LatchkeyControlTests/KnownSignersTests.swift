// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import Testing

@testable import LatchkeyControl

struct KnownSignersTests {
    private func managed(_ id: Instance.ID, _ number: UInt8, at seconds: Double) -> ManagedInstance {
        ManagedInstance(
            instanceID: id,
            publicKeyDER: [number],
            machineFingerprint: "f",
            activationID: nil,
            registered: time(seconds)
        )
    }

    @Test func `access keys that another process makes and deletes are known`() throws {
        try withStore { store, path in
            let (server, other) = (try Store(path: path, isForServer: true), store)
            let signers = KnownSigners(server)
            #expect(try !signers.refresh())
            let (first, second) = (
                AccessKey(userName: "ann", isAdmin: true, created: time(1)),
                AccessKey(userName: "ann", created: time(2))
            )
            try other.addAccessKey(first, sealedSecret: [1])
            try other.addAccessKey(second, sealedSecret: [2])
            #expect(signers.user(first.id) == nil && !signers.hasUser(named: "ann"))
            // One that is used before the next look is asked for by itself.
            #expect(signers.currentUser(first.id) == KnownSigners.User(name: "ann", isAdmin: true, sealedSecret: [1]))
            #expect(signers.user(first.id) != nil && signers.user(second.id) == nil)
            #expect(try signers.refresh() && signers.user(second.id)?.sealedSecret == [2])
            #expect(try !signers.refresh())
            try other.removeAccessKey(first.id)
            #expect(signers.user(first.id) != nil)
            #expect(signers.currentUser(first.id) == nil && signers.user(first.id) == nil)
            // What was found by that is told of by the next look.
            #expect(try signers.refresh() && signers.hasUser(named: "ann"))
            try other.removeAccessKey(second.id)
            #expect(try signers.refresh() && !signers.hasUser(named: "ann") && signers.user(second.id) == nil)
        }
    }

    @Test func `an agent is known until its instance is removed or terminated, by its newest registration`() throws {
        try withStore { store, path in
            let signers = KnownSigners(try Store(path: path, isForServer: true))
            let instances = ["one", "two", "three"]
                .map { Instance(tags: ["Name": $0], addresses: [], created: time(0)) }
            for (number, instance) in instances.enumerated() {
                try store.add(instance)
                try store.add(managed(instance.id, UInt8(number), at: Double(number)))
            }
            #expect(try signers.refresh())
            let ids = instances.map(\.id)
            for (number, id) in ids.enumerated() { #expect(signers.agent(id)?.publicKeyDER == [UInt8(number)]) }
            try store.removeInstance(ids[0])
            try store.setState(of: ids[1], .shuttingDown, at: time(5))
            #expect(signers.currentAgent(ids[0]) == nil && signers.currentAgent(ids[1]) == nil)
            try execute("DELETE FROM managedInstance WHERE instanceID = '\(ids[2])'", path)
            try store.add(managed(ids[2], 9, at: 9))
            #expect(try signers.refresh())
            #expect(signers.agent(ids[0]) == nil && signers.agent(ids[1]) == nil)
            #expect(signers.agent(ids[2]) == KnownSigners.Agent(registered: time(9).milliseconds, publicKeyDER: [9]))
            // What is written about them otherwise is no news.
            try store.notePings([ids[2]: time(10)])
            #expect(try !signers.refresh())
        }
    }
}
