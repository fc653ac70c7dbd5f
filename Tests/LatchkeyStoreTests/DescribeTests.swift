// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyStore
import LatchkeyTestSupport
import Testing

struct DescribeTests {
    private static func filter(_ name: String, _ values: String...) throws -> InstanceFilter {
        try #require(InstanceFilter(name: name, patterns: values.map { WildcardPattern($0) }))
    }

    /// A fleet with one launched instance, and one that registered itself.
    private static func fill(_ store: any ServerStore) throws {
        func add(_ id: String, _ tags: Tags, _ addresses: [String], _ keyName: String?, _ state: InstanceState) throws {
            try store.add(
                Instance(id: id, tags: tags, state: state, addresses: addresses, keyName: keyName, created: time(0))
            )
        }
        try add("i-0a", ["Name": "web-1", "env": "prod"], ["10.0.0.1", "203.0.113.5", "web.example"], "web", .running)
        try add("i-0b", ["Name": "web-2", "env": "test"], ["172.20.0.1", "fd00::1"], "other", .stopped)
        try add("i-0c", ["Name": "db*[1]"], ["198.51.100.7"], nil, .running)
        try add("mi-0d", ["Name": "own"], [], nil, .running)
        let launched = Instance(id: "i-0e", tags: ["env": "prod"], state: .pending, addresses: [], created: time(5))
        let record = LaunchRecord(
            instanceID: "i-0e",
            reservationID: "r-0e",
            imageID: "ami-1",
            instanceType: "t3.micro",
            launched: time(5),
            stateReason: .userStopped,
            stateChanged: time(5)
        )
        try store.launch([(launched, record)], userData: nil)
    }

    @Test func `filters find what they say`() throws {
        try withEachStore { store, _ in
            try Self.fill(store)
            func ids(_ filters: InstanceFilter...) throws -> String {
                try store.describeInstances(filters, limit: 99).page.map { String($0.id.dropFirst(3)) }.joined()
            }
            #expect(try ids() == "abce")
            #expect(try ids(Self.filter("tag:Name", "web-1")) == "a")
            #expect(try ids(Self.filter("tag:Name", "web-?", "db")) == "ab")
            #expect(try ids(Self.filter("tag:Name", #"db\*[1]"#)) == "c")
            #expect(try ids(Self.filter("tag:Name", "db*[1]")) == "c")
            #expect(try ids(Self.filter("tag:Name", "*")) == "abc")
            #expect(try ids(Self.filter("tag:env", "prod"), Self.filter("tag:Name", "*")) == "a")
            #expect(try ids(Self.filter("tag-key", "e*")) == "abe")
            #expect(try ids(Self.filter("tag-value", "test")) == "b")
            #expect(try ids(Self.filter("instance-state-name", "running", "pending")) == "ace")
            #expect(try ids(Self.filter("key-name", "?eb")) == "a")
            #expect(try ids(Self.filter("image-id", "ami-1")) == "e")
            #expect(try ids(Self.filter("instance-type", "t3.*")) == "e")
            #expect(try ids(Self.filter("instance-id", "i-0b", "mi-0d")) == "b")
            #expect(try ids(Self.filter("reservation-id", "r-0e", "r-0a")) == "ae")
            #expect(try ids(Self.filter("private-ip-address", "*")) == "ab")
            // One without a public address is told with its private one.
            // It is gone once the instance is stopped, and the private one when it is terminated.
            #expect(try ids(Self.filter("ip-address", "*")) == "ac")
            #expect(try ids(Self.filter("ip-address", "10.*")) == "")
            #expect(try ids(Self.filter("dns-name", "*.example")) == "a")
            // Where there is no name, the address stands for one.
            #expect(try ids(Self.filter("dns-name", "*")) == "ac")
            #expect(try ids(Self.filter("dns-name", "198.51.100.7")) == "c")
            #expect(try ids(Self.filter("dns-name", "203.0.113.5")) == "")
            #expect(try ids(Self.filter("network-interface.ipv6-addresses.ipv6-address", "fd00::1")) == "b")
            #expect(try ids(Self.filter("network-interface.addresses.private-ip-address", "10.*")) == "a")
            // What was launched without a type is taken for this one, and what was not launched, too.
            #expect(try ids(Self.filter("instance-type", "m1.*")) == "abc")
            #expect(try ids(Self.filter("instance-type", "*")) == "abce")
            #expect(try ids(Self.filter("state-reason-code", "Client.*")) == "e")
            #expect(try ids(Self.filter("launch-index", "0")) == "abce")
            #expect(try ids(Self.filter("launch-time", "2023-11-14T22:13:25*")) == "e")
            try store.setState(of: "i-0a", .terminated, at: time(9))
            #expect(try ids(Self.filter("private-ip-address", "*")) == "b")
            #expect(try ids(Self.filter("dns-name", "*")) == "c")
            #expect(InstanceFilter(name: "odd", patterns: []) == nil)
            let first = try #require(try store.describeInstances(limit: 1).page.first)
            #expect(first.addresses == ["10.0.0.1", "203.0.113.5", "web.example"] && first.launch == nil)
            #expect(first.tags.map(\.key) == ["Name", "env"] && first.keyName == "web")
            #expect(
                try store.describeInstances(ids: ["i-0e", "i-0f"], limit: 9).page.map(\.launch?.imageID) == ["ami-1"]
            )
        }
    }

    @Test func `pages meet without a gap, whatever goes meanwhile`() throws {
        try withEachStore { store, _ in
            try Self.fill(store)
            var (ids, last): ([String], String?) = ([], nil)
            repeat {
                let (page, hasMore) = try store.describeInstances(limit: 1, after: last)
                ids += page.map(\.id)
                last = hasMore ? page.last?.id : nil
                if let last { try store.removeInstance(last) }
            } while last != nil
            #expect(ids == ["i-0a", "i-0b", "i-0c", "i-0e"])
        }
    }

    @Test func `tags are changed for all or for none, and listed`() throws {
        try withEachStore { store, _ in
            try Self.fill(store)
            #expect(throws: TaggingFault.unknown("i-0f")) {
                try store.setTags(["a": "b"], ofResources: ["i-0a", "i-0f"])
            }
            #expect(throws: TaggingFault.unknown("mi-0d")) { try store.setTags(["a": "b"], ofResources: ["mi-0d"]) }
            try store.setTags(["a": "b"], ofResources: ["i-0a", "i-0b"])
            func tags(_ name: String, _ value: String) throws -> [String] {
                let filter = try #require(TagFilter(name: name, patterns: [WildcardPattern(value)]))
                return try store.describeTags([filter], limit: 99).page.map { "\($0.resourceID) \($0.key)=\($0.value)" }
            }
            #expect(try tags("key", "a") == ["i-0a a=b", "i-0b a=b"])
            #expect(try tags("tag:env", "te*") == ["i-0b env=test"])
            #expect(try tags("resource-id", "mi-0d").isEmpty)
            #expect(try tags("resource-type", "key-pair").isEmpty)
            try store.removeTags([("a", "other"), ("env", nil)], ofResources: ["i-0a"])
            #expect(try tags("resource-id", "i-0a") == ["i-0a Name=web-1", "i-0a a=b"])
            try store.removeTags(nil, ofResources: ["i-0b"])
            #expect(try tags("resource-id", "i-0b").isEmpty)
            let many = Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", "") })
            #expect(throws: TaggingFault.tooMany("i-0a")) { try store.setTags(many, ofResources: ["i-0b", "i-0a"]) }
            #expect(try tags("resource-id", "i-0b").isEmpty)
        }
    }

    @Test func `states change together, and only where they may`() throws {
        try withEachStore { store, _ in
            try Self.fill(store)
            let stop = StateTransition(to: .stopping, from: [.running], unchanged: [.stopping], reason: .userStopped)
            #expect(throws: TransitionFault.unknown(["i-0f"])) {
                try store.change(["i-0e", "i-0f"], stop, at: time(6))
            }
            #expect(throws: TransitionFault.notLaunched("i-0a")) { try store.change(["i-0a"], stop, at: time(6)) }
            #expect(throws: TransitionFault.wrongState("i-0e", .pending)) {
                try store.change(["i-0e"], stop, at: time(6))
            }
            try store.setState(of: "i-0e", .running, at: time(7))
            #expect(try store.change(["i-0e"], stop, isTrial: true, at: time(8))[0].after == .running)
            let done = try store.change(["i-0e"], stop, at: time(8))[0]
            #expect(done.before == .running && done.after == .stopping)
            #expect(try store.change(["i-0e"], stop, at: time(9))[0].before == .stopping)
            #expect(try store.launch(of: "i-0e")?.stateChanged == time(8))
        }
    }
}
