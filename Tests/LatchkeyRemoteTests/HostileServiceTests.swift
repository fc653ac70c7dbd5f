// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAPI
import LatchkeyModel
import LatchkeySQLite
import LatchkeyTestSupport
import Synchronization
import Testing

@testable import LatchkeyRemote

/// Control planes that list what cannot be right, or do not come to an end.
struct HostileServiceTests {
    private final class Notes: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private func with(_ body: (RemoteControlPlane, FakeAWS, Notes) throws -> Void) throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let notes = Notes()
                try body(try Self.plane(scratch, server, notes), server, notes)
            }
        }
    }

    /// A new one for each run of the client.
    private static func plane(_ scratch: Scratch, _ server: FakeAWS, _ notes: Notes = Notes()) throws
        -> RemoteControlPlane
    {
        let environment = [
            "HOME": scratch.home, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_ENDPOINT_URL": server.url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "s",
        ]
        let settings = try RemoteFixture.settings(profile: nil, environment: environment)
        let keeper = CachingCredentialProvider(CredentialChain(settings, cacheFolder: scratch.path, askCode: nil))
        return RemoteControlPlane(
            try RemoteService(settings, keeper),
            notes: try SQLiteStore(path: "\(scratch.path)/store.db"),
            cacheFolder: scratch.path,
            note: { notes.add($0) }
        )
    }

    /// An instance of EC2's, in Python.
    private static func instance(_ number: Int, _ more: String = "") -> String {
        "<item><instanceId>i-000000000000000\(number)0</instanceId><instanceState><name>running</name></instanceState>\(more)</item>"
    }

    private static func page(_ items: String, _ more: String = "") -> String {
        "<R><reservationSet><item><instancesSet>\(items)</instancesSet></item></reservationSet>\(more)</R>"
    }

    // MARK: Pages

    @Test(arguments: ["'a'", "str(n % 3)"]) func `a list that goes round is an error`(token: String) throws {
        try with { (plane, server, _) throws in
            try server.answer("DescribeInstances", with: "'\(Self.page("", "<nextToken>%s</nextToken>"))' % \(token)")
            let error = #expect(throws: LatchkeyError.self) { try plane.instances() }
            #expect(error?.code == .controlPlaneUnreachable)
            #expect(
                error?.message.contains("the same next token was received twice") == true,
                "\(error?.message ?? "")"
            )
            let list = "json.dumps(dict(InstanceInformationList=[], NextToken=\(token)))"
            try server.answer("DescribeInstanceInformation", with: list)
            let other = #expect(throws: LatchkeyError.self) { try plane.managedInstances(.fresh) }
            #expect(
                other?.message.contains("the same next token was received twice") == true,
                "\(other?.message ?? "")"
            )
        }
    }

    @Test func `a page that is too long is asked for again with fewer records`() throws {
        try with { (plane, server, notes) throws in
            let filler = "' ' * (17 << 20 if int(f['MaxResults']) > 20 else 0)"
            try server.answer("DescribeInstances", with: "'\(Self.page(Self.instance(1)))' + \(filler)")
            let list =
                "json.dumps(dict(InstanceInformationList=[dict(InstanceId='mi-0000000000000000a', PingStatus='Online')]))"
            try server.answer("DescribeInstanceInformation", with: "\(list) + \(filler)")
            #expect(try plane.instances().map(\.id) == ["i-00000000000000010", "mi-0000000000000000a"])
            let asked = try server.requests().filter { $0.what.hasPrefix("Describe") }
            #expect(asked.map { $0.fields["MaxResults"] } == ["1000", "125", "15", "50", "6"])
            #expect(notes.all.isEmpty)
            try server.answer("DescribeInstances", with: "'<R>' + ' ' * (17 << 20)")
            let error = #expect(throws: LatchkeyError.self) { try plane.instances() }
            #expect(error?.message.contains("its answer is longer than 16 MiB") == true, "\(error?.message ?? "")")
        }
    }

    // MARK: Records

    @Test func `an instance that cannot be read, or goes on for ever, hides no other`() throws {
        try with { (plane, server, notes) throws in
            let tag = "<tagSet><item><key>Name</key><value>%s</value></item></tagSet>"
            let items = [
                Self.instance(1, tag.replacingOccurrences(of: "%s", with: "good")), "<item/>", "<item>text</item>",
                "<item><instanceId>i-1</instanceId></item>", Self.instance(2, "<launchTime>yesterday</launchTime>"),
                Self.instance(3, tag), Self.instance(4, "<keyName>%s</keyName>"),
                "<item><instanceId>../../x</instanceId><instanceState><name>running</name></instanceState></item>",
                Self.instance(5, "<tagSet>%s</tagSet>"),
                Self.instance(6, tag.replacingOccurrences(of: "%s", with: "also good")),
            ]
            // One character to Swift, and 100 KB.
            let long = "'a' + '\\u0301' * 50000"
            let many = "'<item><key>k%d</key><value>v</value></item>' * 9000 % tuple(range(9000))"
            try server.answer(
                "DescribeInstances",
                with: "'\(Self.page(items.joined()))' % (\(long), \(long), \(many))"
            )
            #expect(try plane.instances().filter { !$0.id.hasPrefix("mi-") }.map(\.name) == ["also good", "good"])
            #expect(notes.all == ["8 instances are left out: the server's answer about them cannot be read"])
        }
    }

    @Test func `a managed instance that cannot be read, or goes on for ever, hides no other`() throws {
        try with { (plane, server, notes) throws in
            let good = "dict(InstanceId='mi-%017x' % i, PingStatus='Online', Name='far-%d' % i)"
            let bad = [
                "None", "7", "dict()", "dict(InstanceId=['x'], PingStatus='Online')",
                "dict(InstanceId='mi-00000000000000aa0', PingStatus='Online', RegistrationDate='x')",
                "dict(InstanceId='mi-00000000000000ab0', PingStatus='Online', ComputerName='a' + '\\u0301' * 500000)",
                "dict(InstanceId='mi-../x', PingStatus='Online')",
            ]
            let list = "[\(good) for i in (1, 2)] + [\(bad.joined(separator: ", "))] + [\(good) for i in (3,)]"
            let known = "dict(InstanceId='i-00000000000000ac0', PingStatus='Online')"
            try server.answer(
                "DescribeInstanceInformation",
                with: "json.dumps(dict(InstanceInformationList=\(list) + [\(known)]))"
            )
            #expect(try plane.managedInstances(.fresh).map(\.name) == ["far-1", "far-2", "far-3"])
            #expect(notes.all == ["7 instances are left out: the server's answer about them cannot be read"])
        }
    }

    @Test func `a key pair or an image that cannot be read hides no other`() throws {
        try with { (plane, server, notes) throws in
            let pair = "<item><keyName>%s</keyName><publicKey>'+KEY+'</publicKey></item>"
            let good = pair.replacingOccurrences(of: "%s", with: "good")
            try server.answer(
                "DescribeKeyPairs",
                with: "('<R><keySet><item/>\(pair)\(good)</keySet></R>') % ('x' * 5000)"
            )
            #expect(try plane.keyPairs().map(\.name) == ["good"])
            #expect(notes.all == ["2 key pairs are left out: the server's answer about them cannot be read"])
            let image = "<item><imageId>ami-1</imageId><name>ubuntu</name></item>"
            try server.answer("DescribeImages", with: "'<R><imagesSet><item/>\(image)</imagesSet></R>'")
            #expect(try plane.instance(named: "web-1").user == "ubuntu")
        }
    }

    @Test func `sessions that cannot be read are left out with a note`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                let config = """
                    [profile prod]
                    region = eu-central-1
                    endpoint_url = \(server.url)
                    aws_access_key_id = AKIA
                    aws_secret_access_key = s

                    """
                let environment = RemoteFixture.environment([
                    "AWS_CONFIG_FILE": try scratch.write("aws-config", config), "LATCHKEY_PROFILE": "prod",
                    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                ])
                func list(_ expression: String) throws -> Execution {
                    try server.answer("DescribeSessions", with: "json.dumps(\(expression))")
                    return try scratch.latchkey("session", "list", "-q", environment: environment)
                }
                let good = "dict(SessionId='me-%d' % n, Target='i-1', Status='Connected', StartDate=1.0)"
                let long = "dict(SessionId='x' * 5000, Target='i-1', Status='Connected', StartDate=1.0)"
                let some = try list("dict(Sessions=[\(good), dict(), \(long)], **({} if n else dict(NextToken='a')))")
                #expect(some.status == 0 && some.text == "me-0\nme-1\n", "\(some.error)")
                #expect(
                    some.error
                        == "latchkey: note: 4 sessions are left out: the server's answer about them cannot be read\n"
                )
                let round = try list("dict(Sessions=[\(good)], NextToken='a')")
                #expect(round.status != 0 && round.text.isEmpty)
                #expect(round.error.contains("the same next token was received twice"), "\(round.error)")
            }
        }
    }

    // MARK: Asked once

    private static let managed = "DescribeInstanceInformation"

    @Test func `all managed instances are read once for a name, whatever becomes of it`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                func count() throws -> Int { try server.requests().count { $0.what == Self.managed } }
                let plane = try Self.plane(scratch, server)
                #expect(throws: LatchkeyError.self) { try plane.instance(named: "no-such-name") }
                #expect(try count() == 1)
                // The next command, a moment later.
                #expect(try Self.plane(scratch, server).instance(named: "far-1").id == "mi-0000000000000000a")
                #expect(try count() == 0)
                // A list shows what was just made.
                _ = try Self.plane(scratch, server).instances()
                #expect(try count() == 1)
            }
        }
    }

    @Test func `all managed instances are read once for a shell that completes names`() throws {
        try Scratch.with { scratch in
            try FakeAWS.with { server in
                func count() throws -> Int { try server.requests().count { $0.what == Self.managed } }
                for prefix in ["", "f", "far"] {
                    let names = try Self.plane(scratch, server).names(beginningWith: prefix, limit: 99)
                    #expect(names.contains("far-1"))
                }
                #expect(try count() == 1)
            }
            // Where there are none, that is what is suggested; but a command asks.
            try FakeAWS.with { server in
                try server.answer(Self.managed, with: "json.dumps(dict(InstanceInformationList=[]))")
                for _ in 0..<3 { _ = try Self.plane(scratch, server).names(beginningWith: "f", limit: 99) }
                #expect(try server.requests().count { $0.what == Self.managed } == 1)
                #expect(throws: LatchkeyError.self) { try Self.plane(scratch, server).instance(named: "far-1") }
                #expect(try server.requests().count { $0.what == Self.managed } == 1)
            }
        }
    }

    @Test func `a managed instance is asked for by its id, not looked for among all`() throws {
        try with { (plane, server, _) throws in
            #expect(try plane.instances(withIDs: ["mi-0000000000000000a"]).map(\.name) == ["far-1"])
            let asked = try server.requests().filter { $0.what == Self.managed }
            #expect(asked.count == 1)
            #expect(asked.first?.fields["Filters"]?.contains("mi-0000000000000000a") == true)
        }
    }
}
