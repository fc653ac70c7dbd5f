// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import Testing

@testable import LatchkeySQLite

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

    @Test func `an agent is known until its instance is removed or terminated, by its newest registration`() throws {
        try withStore { store, path in
            let signers = KnownSigners(try SQLiteStore(path: path, isForServer: true))
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
            #expect(signers.agent(ids[2]) == AgentRegistration(registered: time(9).milliseconds, publicKeyDER: [9]))
            // What is written about them otherwise is no news.
            try store.notePings([ids[2]: time(10)])
            #expect(try !signers.refresh())
        }
    }
}
