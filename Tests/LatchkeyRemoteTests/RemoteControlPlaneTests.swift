// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAPI
import LatchkeyModel
import LatchkeySQLite
import LatchkeyTestSupport
import Testing

@testable import LatchkeyRemote

struct RemoteControlPlaneTests {
    private func with(_ body: (RemoteControlPlane, FakeAWS, SQLiteStore) throws -> Void) throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let store = try SQLiteStore(path: "\(scratch.path)/store.db")
                try body(try plane(scratch, server, store), server, store)
            }
        }
    }

    /// A new one for each run of the client.
    private func plane(_ scratch: Scratch, _ server: FakeAWS, _ store: SQLiteStore) throws -> RemoteControlPlane {
        let environment = [
            "HOME": scratch.home, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_ENDPOINT_URL": server.url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "s",
        ]
        let settings = try RemoteFixture.settings(profile: nil, environment: environment)
        let keeper = CachingCredentialProvider(CredentialChain(settings, cacheFolder: scratch.path, askCode: nil))
        return RemoteControlPlane(try RemoteService(settings, keeper), notes: store, cacheFolder: scratch.path)
    }

    @Test func `instances are found as in the embedded control plane`() throws {
        try with { (plane, server, _) throws in
            func ids(_ text: String, limit: Int = 9) throws -> [String] {
                try plane.instances(matching: InstanceSelector(text), limit: limit).map { String($0.id.suffix(1)) }
            }
            #expect(try ids("web-1") == ["1"])
            #expect(try server.requests().map(\.what) == ["DescribeInstances", "DescribeImages"])
            #expect(try ids("web") == ["1", "2"])
            #expect(try ids("we*b") == ["3"])
            #expect(try ids("twin") == ["5", "6"])
            #expect(try ids("198.51.100.2") == ["2"])
            #expect(try ids("10.0.0.2") == ["2"])
            #expect(try ids("tag:env=prod") == ["1"])
            #expect(try ids("i-00000000000000002") == ["2"])
            #expect(try ids("i-0000000000000000") == ["1", "2", "3", "5", "6", "7", "8"])
            // As the list shows it, by its whole name only.
            #expect(try ids("gone") == ["4"])
            #expect(try ids("gon") == [])
            #expect(try ids("i-00000000000000004") == ["4"])
            #expect(try ids("nothing") == [])
            #expect(throws: LatchkeyError.self) { try plane.instance(named: "twin") }
            #expect(try plane.similarNames(to: "wbe-1") == ["web-1"])
            #expect(try plane.names(beginningWith: "t", limit: 9) == ["tagged", "twin"])
            #expect(try plane.instances().count == 9)
            #expect(try ids("mi-0000000000000000a") == ["a"])
            #expect(try ids("far-1") == ["a"])
            #expect(try ids("far") == ["a"])
            #expect(try ids("10.9.9.9") == ["a"])
            #expect(try plane.instanceCount(launchedWith: "web") == 7)
        }
    }

    @Test func `an instance says all that is known of it`() throws {
        try with { (plane, _, _) throws in
            let instance = try plane.instance(named: "web-1")
            #expect(instance.addresses == ["198.51.100.1", "10.0.0.1"])
            #expect(instance.keyName == "web")
            #expect(instance.state == .running)
            #expect(instance.tags == ["Name": "web-1", "env": "prod"])
            #expect(instance.port == 22)
        }
    }

    @Test(arguments: [
        ("web-1", "ubuntu"), ("web-2", "admin"), ("we*b", "ec2-user"), ("tagged", "deploy"), ("win", "Administrator"),
    ]) func `the login user follows from a tag, the image or the platform`(name: String, user: String) throws {
        try with { (plane, _, _) throws in #expect(try plane.instance(named: name).user == user) }
    }

    @Test func `nothing is asked again within seconds, not even by another run`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let store = try SQLiteStore(path: "\(scratch.path)/store.db")
                _ = try plane(scratch, server, store).instance(named: "web-1")
                _ = try plane(scratch, server, store).keyPair(named: "web")
                #expect(try server.requests().count == 3)
                let again = try plane(scratch, server, store)
                #expect(try again.instance(named: "web-1").user == "ubuntu")
                #expect(try again.keyPair(named: "web")?.id == "key-1")
                #expect(try again.keyPair(named: "other") == nil)
                #expect(try server.requests().map(\.what) == ["DescribeKeyPairs"])
            }
        }
    }

    @Test func `host keys are read on the console, and noted on this machine`() throws {
        try with { (plane, server, store) throws in
            let instance = try plane.instance(named: "web-1")
            let keys = try plane.attestedHostKeys(of: instance)
            #expect(keys.map(\.key.typeName) == ["ed25519"])
            #expect(keys.map(\.source) == [.console])
            #expect(try plane.attestedHostKeys(of: try plane.instance(named: "web-2")).isEmpty)
            try plane.pinHostKeys(keys, for: instance.id)
            #expect(try plane.instance(named: "web-1").hostKeys.map(\.key) == keys.map(\.key))
            #expect(try store.instances().isEmpty)
            let other = HostKey(
                key: try #require(
                    PublicKey(line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB")
                ),
                source: .confirmed,
                pinned: Date()
            )
            #expect(throws: LatchkeyError.self) { try plane.pinHostKeys([other], for: instance.id) }
            try plane.replaceHostKeys([other], for: instance.id)
            #expect(try plane.instance(named: "web-1").hostKeys.map(\.key) == [other.key])
            try plane.noteAcceptedKey(other.key, of: instance.id, user: "ubuntu", at: Date())
            #expect(try plane.acceptedKey(of: instance.id, user: "ubuntu") == other.key)
            #expect(try plane.acceptedKey(of: instance.id, user: "root") == nil)
            _ = server
        }
    }

    @Test func `several questions go over one connection, signed for their service`() throws {
        try with { (plane, server, _) throws in
            _ = try plane.instance(named: "web-1")
            _ = try plane.keyPair(named: "web")
            let asked = try server.requests()
            #expect(Set(asked.map(\.connection)).count == 1)
            #expect(asked.allSatisfy { $0.fields["scope"] == "eu-central-1/ec2" && $0.fields["key"] == "AKIA" })
        }
    }

    private static func fault(_ status: Int, _ code: String) -> String {
        "\(status) <Response><Errors><Error><Code>\(code)</Code><Message>words</Message></Error></Errors></Response>"
    }

    @Test func `what is throttled, fails or is cut is asked again`() throws {
        try with { (plane, server, _) throws in
            try server.plan(Self.fault(400, "RequestLimitExceeded"), "drop")
            #expect(try plane.keyPair(named: "web") != nil)
            #expect(try server.requests().count == 3)
            try server.plan(
                Self.fault(503, "Unavailable"),
                Self.fault(503, "Unavailable"),
                Self.fault(503, "Unavailable")
            )
            let error = #expect(throws: LatchkeyError.self) { try plane.keyPairs() }
            #expect(error?.code == .controlPlaneUnreachable)
            #expect(try server.requests().count == 3)
        }
    }

    @Test(arguments: [
        ("UnauthorizedOperation", LatchkeyError.Code.requestRefused, "may not do ec2:DescribeKeyPairs"),
        ("ExpiredToken", .credentialsUnavailable, "have expired"),
        ("RequestExpired", .requestRefused, "was too old, or too new, when it arrived"),
        ("AuthFailure", .credentialsUnavailable, "were not accepted"),
        ("InvalidParameterValue", .requestRefused, "was refused"),
    ]) func `a refusal says what it means, and is not repeated`(
        code: String,
        expected: LatchkeyError.Code,
        words: String
    ) throws {
        try with { (plane, server, _) throws in
            try server.plan(Self.fault(400, code))
            let error = #expect(throws: LatchkeyError.self) { try plane.keyPairs() }
            #expect(error?.code == expected)
            #expect(error?.message.contains(words) == true)
            #expect(try server.requests().count == 1)
        }
    }

    @Test(arguments: [
        "200 <a>", "200 <!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "200 {}", "200 <a><keySet>x</keySet></a>",
    ])
    func `an answer that is none is told, and does no harm`(fault: String) throws {
        try with { (plane, server, _) throws in
            try server.plan(fault)
            let answer = Result { try plane.keyPairs() }
            switch answer {
            case .success(let pairs): #expect(pairs.isEmpty)
            case .failure(let error): #expect((error as? LatchkeyError)?.code == .controlPlaneUnreachable)
            }
        }
    }
}
