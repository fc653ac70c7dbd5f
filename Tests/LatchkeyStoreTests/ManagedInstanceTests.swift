// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import Testing

struct ManagedInstanceTests {
    private typealias Report = ManagedInstance.Report

    /// An instance that was added, and its agent.
    private func add(
        _ store: any ServerStore,
        name: String? = nil,
        registered: Double = 0,
        ping: Double? = nil,
        activation: String? = nil,
        report: ManagedInstance.Report = ManagedInstance.Report()
    ) throws -> ManagedInstance {
        let tags: Tags = name.map { ["Name": $0] } ?? [:]
        let instance = Instance(tags: tags, addresses: ["10.0.0.1"], created: time(0))
        let managed = ManagedInstance(
            instanceID: instance.id,
            machineFingerprint: "machine",
            activationID: activation,
            registered: time(registered),
            lastPing: ping.map(time),
            report: report
        )
        try store.add(instance)
        try store.add(managed)
        return managed
    }

    @Test func `an agent comes back as it was added, once`() throws {
        try withEachStore { store, another in
            let managed = try add(store, ping: 3, report: Report(agentName: "latchkey-agent", ipAddress: "10.0.0.1"))
            #expect(try another().managedInstance(managed.instanceID) == managed)
            #expect(code { try store.add(managed) } == .instanceExists)
            try store.removeInstance(managed.instanceID)
            #expect(try store.managedInstance(managed.instanceID) == nil)
            #expect(code { try store.add(managed) } == .instanceNotFound)
        }
    }

    @Test func `a report is taken in, and what it leaves out stays`() throws {
        try withEachStore { store, _ in
            let id = try add(store, name: "web").instanceID
            try store.update(
                id,
                with: Report(agentName: "a", agentVersion: "1", platformName: "Debian", platformType: "Linux"),
                at: time(5)
            )
            try store.update(id, with: Report(agentVersion: "2", computerName: "web.example"), at: time(6))
            try store.notePings(["mi-0": time(7), id: time(7.5)])
            let managed = try #require(try store.managedInstance(id))
            #expect(managed.lastPing == time(7.5))
            #expect(
                managed.report
                    == Report(
                        agentName: "a",
                        agentVersion: "2",
                        platformName: "Debian",
                        platformType: "Linux",
                        computerName: "web.example"
                    )
            )
            #expect(try store.instance("web").id == id)
            #expect(code { try store.update("mi-0", with: Report(), at: time(0)) } == .instanceNotFound)
        }
    }

    @Test func `an instance without a name takes its computer's, if it is lawful and free`() throws {
        try withEachStore { store, _ in
            _ = try add(store, name: "taken")
            let id = try add(store).instanceID
            for name in ["taken", "", "mi-0aaa", "-x", "a\u{1B}b"] {
                try store.update(id, with: Report(computerName: name), at: time(1))
                #expect(try store.instance(id).name == nil, "\(name)")
                #expect(try store.managedInstance(id)?.report.computerName == name)
            }
            for name in ["host-1", "host-2"] {
                try store.update(id, with: Report(computerName: name), at: time(1))
                #expect(try store.instance(id).name == "host-1")
            }
        }
    }

    @Test func `filters are all fulfilled, each by one of its values`() throws {
        try withEachStore { store, _ in
            let all = [
                try add(store, registered: 1, ping: 10, activation: "a", report: Report(agentVersion: "1")),
                try add(store, registered: 2, ping: 20, activation: "b", report: Report(platformType: "Linux")),
                try add(store, registered: 3, activation: "a", report: Report(platformType: "MacOS")),
            ]
            let cases: [([ManagedInstanceFilter?], [Int])] = [
                ([], [0, 1, 2]),
                ([ManagedInstanceFilter(key: "InstanceIds", values: [all[2].instanceID, all[0].instanceID])], [0, 2]),
                ([ManagedInstanceFilter(key: "ActivationIds", values: ["a"]), .notPinged(since: time(10))], [2]),
                ([ManagedInstanceFilter(key: "AgentVersion", values: ["1", "2"])], [0]),
                ([ManagedInstanceFilter(key: "PlatformTypes", values: ["Linux", "MacOS"])], [1, 2]),
                ([.pinged(since: time(20))], [1]),
                ([.notPinged(since: time(20))], [0, 2]),
            ]
            for (filters, expected) in cases {
                let filters = try filters.map { try #require($0) }
                #expect(
                    try store.managedInstances(filters, limit: 9).elements == expected.map { all[$0] },
                    "\(filters)"
                )
            }
            #expect(ManagedInstanceFilter(key: "PingStatus", values: ["Online"]) == nil)
        }
    }

    @Test func `pages are complete and without doubles while agents come and go`() throws {
        try withEachStore { store, _ in
            let all = try (0..<10).map { try add(store, registered: Double($0 / 4)) }
            var added: [String] = []
            let seen = try collect(
                meanwhile: {
                    guard added.count < 6 else { return }
                    added.append(try add(store, registered: Double(added.count % 2) * 100).instanceID)
                    // What was seen may go, the last of a page included.
                    if added.count == 1,
                        let first = all.min(by: { ($0.registered, $0.instanceID) < ($1.registered, $1.instanceID) })
                    {
                        try store.removeInstance(first.instanceID)
                    }
                },
                { try store.managedInstances(limit: 1, after: $0) }
            )
            let ids = seen.map(\.instanceID)
            #expect(Set(ids).count == ids.count)
            #expect(Set(all.map(\.instanceID)).isSubset(of: ids))
        }
    }
}
