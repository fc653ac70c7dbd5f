// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import LatchkeyTestSupport
import Testing

struct LaunchTests {
    private static func make(_ index: Int = 0) -> (Instance, LaunchRecord) {
        let instance = Instance(tags: ["Name": "web"], state: .pending, addresses: [], keyName: "k", created: time(0))
        let record = LaunchRecord(
            instanceID: instance.id,
            reservationID: "r-0a",
            launchIndex: index,
            imageID: "ami-1",
            instanceType: "t3.micro",
            launched: time(0),
            idempotency: LaunchRecord.Idempotency(clientToken: "token", requestDigest: [1, 2]),
            stateChanged: time(0)
        )
        return (instance, record)
    }

    private static func key(_ byte: UInt8) throws -> PublicKey {
        var writer = WireWriter()
        writer.string("ssh-ed25519")
        writer.string([UInt8](repeating: byte, count: 32))
        return try #require(PublicKey(blob: writer.bytes))
    }

    @Test func `an agent is expected for half a minute after a launch`() {
        let record = Self.make().1
        #expect(record.isAgentExpected(at: time(0)) && record.isAgentExpected(at: time(29)))
        #expect(!record.isAgentExpected(at: time(30)))
    }

    @Test func `what was launched is told again, and changes its state`() throws {
        try withEachStore { store, _ in
            let (first, second) = (Self.make(0), Self.make(1))
            try store.launch([first, second], userData: [7])
            #expect(try store.launch(of: first.0.id) == first.1)
            #expect(try store.userData(of: second.0.id) == [7])
            #expect(try store.launches(withClientToken: "token").map(\.launchIndex) == [0, 1])
            #expect(try store.launches(of: [first.0.id, "i-0"]).keys.sorted() == [first.0.id])
            try store.setContainer("c", of: first.0.id)
            #expect(try store.setState(of: first.0.id, .running, from: [.pending], at: time(1)) == .pending)
            #expect(try store.setState(of: first.0.id, .stopping, from: [.pending], at: time(2)) == nil)
            try store.setAddresses(["172.17.0.2"], port: 2222, of: first.0.id)
            try store.setState(of: first.0.id, .terminated, reason: .userStopped, at: time(3))
            let record = try #require(try store.launch(of: first.0.id))
            #expect(record.stateReason == .userStopped && record.stateChanged == time(3))
            #expect(record.container == "c" && record.launched == time(0))
            #expect(try store.launches().map(\.instanceID) == [second.0.id])
            try store.removeTerminatedLaunches(before: time(3))
            #expect(try store.launch(of: first.0.id) != nil)
            try store.removeTerminatedLaunches(before: time(4))
            #expect(try store.launch(of: first.0.id) == nil)
            #expect(code { try store.setContainer(nil, of: first.0.id) } == .instanceNotFound)
        }
    }

    @Test func `an activation of a launched instance makes an agent that instance`() throws {
        try withEachStore { store, _ in
            let (instance, record) = Self.make()
            try store.launch([(instance, record)], userData: nil)
            for round in 0..<2 {
                let activation = Activation(expiration: time(100), created: time(0), instanceID: instance.id)
                try store.add(activation, codeDigest: [UInt8](repeating: 1, count: 32))
                let registered = try store.register(
                    activationID: activation.id,
                    codeDigest: [UInt8](repeating: 1, count: 32),
                    publicKeyDER: [UInt8(round)],
                    machineFingerprint: "m\(round)",
                    joins: false,
                    at: time(1)
                )
                #expect(registered.id == instance.id && registered.tags == ["Name": "web"])
                #expect(try store.managedInstance(instance.id)?.machineFingerprint == "m\(round)")
            }
            #expect(try store.activations(limit: 9).elements.isEmpty)
            // A newer one takes the place of those before it.
            let older = Activation(expiration: time(100), created: time(0), instanceID: instance.id)
            try store.add(older, codeDigest: [UInt8](repeating: 1, count: 32))
            let late = Activation(expiration: time(100), created: time(0), instanceID: instance.id)
            try store.add(late, codeDigest: [UInt8](repeating: 1, count: 32))
            #expect(
                code {
                    _ = try store.register(
                        activationID: older.id,
                        codeDigest: [UInt8](repeating: 1, count: 32),
                        publicKeyDER: [8],
                        machineFingerprint: "m",
                        joins: false,
                        at: time(1)
                    )
                } == .activationInvalid
            )
            try store.setState(of: instance.id, .terminated, at: time(2))
            #expect(
                code {
                    _ = try store.register(
                        activationID: late.id,
                        codeDigest: [UInt8](repeating: 1, count: 32),
                        publicKeyDER: [9],
                        machineFingerprint: "m",
                        joins: false,
                        at: time(3)
                    )
                } == .activationInvalid
            )
            try store.removeInstance(instance.id)
            #expect(try store.launch(of: instance.id) == nil)
        }
    }
}
