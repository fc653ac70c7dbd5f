// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeyStore
import LatchkeyTestSupport
import Testing

/// What older versions let in, and other programs wrote.
struct OldRowsTests {
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

    /// Names from before are known to a new version, and so are those that somebody writes by other means.
    @Test func `names that were there before are in the way of others`() throws {
        try withStore { store, path in
            let old = Instance(tags: ["Name": "x"], addresses: ["10.0.0.1"], created: time(0))
            try store.add(old)
            try execute("DROP TABLE nameSkeleton; DELETE FROM grdb_migrations WHERE identifier = '6'", path)
            try execute("UPDATE instanceTag SET value = 'web-1' || char(12644)", path)
            let again = try SQLiteStore(path: path)
            let refused = #expect(throws: LatchkeyError.self) {
                try again.add(Instance(tags: ["Name": "web-1"], addresses: ["10.0.0.1"], created: time(0)))
            }
            #expect(refused?.message.hasPrefix(#"'web-1' looks like the name of the instance 'web-1\u{3164}'"#) == true)
        }
    }

    @Test func `rows that say what no version writes are refused by the database itself`() throws {
        try withStore { store, path in
            let session = SessionRecord(
                id: "ann-1",
                target: "i-0a",
                owner: "arn",
                documentName: "SSM-SessionManagerRunShell",
                status: .terminated,
                started: time(1)
            )
            try store.add(session)
            #expect(throws: (any Error).self) { try execute("UPDATE session SET status = 'Connected'", path) }
        }
    }

    @Test func `what belonged to something goes with it`() throws {
        try withStore { store, path in
            let instance = Instance(tags: ["Name": "web"], addresses: ["10.0.0.1"], created: time(0))
            try store.add(instance)
            try store.add(ManagedInstance(instanceID: instance.id, machineFingerprint: "m", registered: time(0)))
            try store.removeInstance(instance.id)
            let activation = Activation(expiration: time(9), created: time(0), tags: ["a": "b"])
            try store.add(activation, codeDigest: [UInt8](repeating: 7, count: 32))
            try store.removeActivation(activation.id)
            for table in ["managedInstance", "instanceTag", "instanceAddress", "activationTag"] {
                #expect(try execute("SELECT COUNT(*) FROM \(table)", path) == ["0"], "\(table)")
            }
        }
    }

    @Test func `sessions from before they had owners are every node's`() throws {
        try withStore { store, path in
            let session = SessionRecord(
                id: "ann-1",
                target: "i-0a",
                owner: "arn",
                documentName: "SSM-SessionManagerRunShell",
                status: .connected,
                started: time(1)
            )
            try store.add(session)
            #expect(try store.liveSessions(of: "node-1") == [session])
            #expect(try store.liveSessions(of: "node-2") == [session])
        }
    }
}
