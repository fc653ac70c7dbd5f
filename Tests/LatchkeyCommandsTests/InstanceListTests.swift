// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Instances as they are listed, named and edited.
struct InstanceListTests {
    @Test func `a first list says what comes next, and programs are told nothing`() throws {
        try Scratch.with { scratch in
            let instances = try scratch.latchkey("instance", "list")
            #expect(instances.status == 0 && instances.line.hasPrefix("NAME"))
            let words = "latchkey: no instances yet: latchkey instance add NAME --address HOST adds one\n"
            #expect(instances.error == words)
            let keys = try scratch.latchkey("key", "list")
            #expect(keys.error == "latchkey: no key pairs yet: latchkey key create NAME makes one\n")
            for arguments in [
                ["instance", "list", "-q"], ["instance", "list", "-o", "json"], ["instance", "list", "web"],
            ] {
                #expect(try scratch.latchkey(arguments).error == "")
            }
        }
    }

    @Test func `an instance is edited, and keeps its id, tags and host keys`() throws {
        try Scratch.with { scratch in
            let key = try Execution.require([
                "bash", "-c", "ssh-keygen -q -t ed25519 -N '' -f $0; cat $0.pub", "\(scratch.path)/h",
            ])
            let id =
                try scratch.latchkey(
                    "instance",
                    "add",
                    "web-1",
                    "-a",
                    "10.0.0.1",
                    "-a",
                    "web.example",
                    "-u",
                    "admin",
                    "-g",
                    "env=prod",
                    "--host-key",
                    key.line
                )
                .line
            struct Shown: Decodable {
                let id: String, addresses: [String], port: Int, user: String?, keyName: String?, tags: [String: String]
                let hostKeys: [HostKey]
                struct HostKey: Decodable { let source: String }
            }
            func shown() throws -> Shown {
                try JSONDecoder()
                    .decode(Shown.self, from: scratch.latchkey("instance", "show", id, "-o", "json").output)
            }
            let edits: [(arguments: [String], error: String)] = [
                (["-a", "10.0.0.9:2222"], ""),
                (["-u", "bob", "-i", "web"], "latchkey: note: the key pair 'web' is not registered"),
            ]
            for edit in edits {
                let run = try Execution.run(
                    [Scratch.program, "instance", "edit", "web-1"] + edit.arguments,
                    environment: scratch.environment
                )
                #expect(run.status == 0 && run.output.isEmpty && run.error.hasPrefix(edit.error), "\(run.error)")
            }
            var now = try shown()
            #expect(now.id == id && now.addresses == ["10.0.0.9"] && now.port == 2222)
            #expect(now.user == "bob" && now.keyName == "web")
            #expect(now.tags == ["Name": "web-1", "env": "prod"] && now.hostKeys.map(\.source) == ["given"])
            _ = try scratch.latchkey("instance", "edit", "web-1", "--no-user", "--no-key", "-p", "22")
            now = try shown()
            #expect(now.user == nil && now.keyName == nil && now.port == 22 && now.addresses == ["10.0.0.9"])
            for (arguments, status, error) in [
                (["web-1"], 64, "nothing to change is given"),
                (["web-9", "-p", "1"], 1, "no instance matches 'web-9'"),
                (["web-1", "-p", "0"], 64, "one port"), (["web-1", "-a", "h:1", "-a", "i:2"], 64, "one port"),
                (["web-1", "-u", "a b"], 64, "'a b' cannot be"),
                (["web-1", "-u", "a", "--no-user"], 64, "exclude each other"),
            ] as [([String], Int32, String)] {
                let run = try Execution.run(
                    [Scratch.program, "instance", "edit"] + arguments,
                    environment: scratch.environment
                )
                #expect(run.status == status && run.error.contains(error), "\(arguments): \(run.error)")
            }
            #expect(try shown().port == 22)
        }
    }

    @Test func `lists are in natural order, with what is known of each machine`() throws {
        try Scratch.with { scratch in
            for name in ["app-12", "app-2", "db", "app-1"] {
                _ = try scratch.latchkey("instance", "add", name, "-a", "10.0.0.1", "-g", "env=prod")
                _ = try scratch.latchkey("key", "create", name)
            }
            func names(_ arguments: String...) throws -> [String] {
                try Execution.require([Scratch.program] + arguments, environment: scratch.environment).text
                    .split(separator: "\n").dropFirst().map { String($0.prefix { $0 != " " }) }
            }
            let sorted = ["app-1", "app-2", "app-12", "db"]
            #expect(try names("instance", "list") == sorted)
            #expect(try names("instance", "list", "tag:env=prod") == sorted)
            #expect(try names("instance", "list", "app") == ["app-1", "app-2", "app-12"])
            #expect(try names("key", "list") == sorted)
            try scratch.execute(
                """
                INSERT INTO acceptedKey (instanceID, user, publicKey, accepted)
                    SELECT instanceID, 'a', x'00', (strftime('%s') - 60 - CASE value WHEN 'app-1' THEN 3 * 86400
                        WHEN 'app-2' THEN 5 * 3600 ELSE 0 END) * 1000
                    FROM instanceTag WHERE key = 'Name' AND value <> 'db';
                UPDATE instance SET state = 'stopped'
                    WHERE id = (SELECT instanceID FROM instanceTag WHERE value = 'app-12');
                """
            )
            let rows = try scratch.latchkey("instance", "list").text.split(separator: "\n").map(String.init)
            for (row, words) in zip(rows.dropFirst(), ["reached 3 d ago", "reached 5 h ago", "stopped", "added"]) {
                #expect(row.contains("  \(words)  "), "\(row)")
            }
            #expect(try scratch.latchkey("instance", "show", "app-1").text.contains("state      reached 3 d ago"))
            #expect(try scratch.latchkey("explain", "app-1", "--offline").text.contains("reached 3 d ago, at 10.0.0.1"))
            // Programs are told what EC2 would tell them.
            let json = try scratch.latchkey("instance", "list", "-o", "json").text
            #expect(json.components(separatedBy: "\"state\" : \"running\"").count == 4 && !json.contains("reached"))
        }
    }

    @Test func `a terminated instance goes by its name until another one has it`() throws {
        try Scratch.with { scratch in
            let old = try scratch.latchkey("instance", "add", "web-1", "-a", "10.0.0.1").line
            try scratch.execute("UPDATE instance SET state = 'terminated'")
            #expect(try scratch.latchkey("instance", "show", "web-1").text.contains(old))
            #expect(try scratch.latchkey("instance", "show", "web").status == 1)
            let run = try scratch.latchkey("connect", "web-1", "id")
            #expect(run.status == 255 && run.error.contains("instance 'web-1' is terminated"), "\(run.error)")
            #expect(try scratch.latchkey("instance", "rm", "web-1").line == old)
        }
    }
}
