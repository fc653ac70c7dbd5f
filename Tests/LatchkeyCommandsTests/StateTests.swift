// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// A home that others may change is used by none of the programs.
struct StateTests {
    private static let commands: [(String, [String])] = [
        ("latchkey", ["instance", "list"]), ("latchkey", ["key", "create", "k"]), ("latchkey", ["connect", "web-1"]),
        ("latchkey", ["session", "list"]), ("latchkeyd", ["run"]), ("latchkeyd", ["init"]),
        ("latchkeyd", ["access-key", "list"]),
    ]

    private func run(_ scratch: Scratch, _ program: String, _ arguments: [String]) throws -> Execution {
        try Execution.run([Scratch.program(named: program)] + arguments, environment: scratch.environment)
    }

    @Test func `what only reads makes nothing`() throws {
        try Scratch.with { scratch in
            let key = "\(scratch.path)/k"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
            let (missing, empty) = ("\(scratch.path)/missing", "\(scratch.path)/empty")
            try Execution.require(["mkdir", empty])
            for home in [missing, empty] {
                var variables: [String: String?] = ["HOME": home, "LATCHKEY_HOME": nil]
                for name in ["CONFIG", "DATA", "CACHE"] { variables["XDG_\(name)_HOME"] = .some(nil) }
                let list = try scratch.latchkey("instance", "list", environment: variables)
                #expect(list.status == 0, "\(list.error)")
                #expect(
                    try scratch.latchkey("key", "fingerprint", key, environment: variables).text.contains("SHA256:")
                )
                #expect(
                    try scratch.latchkey("instance", "show", "web-1", environment: variables).error
                        .contains("no instance")
                )
                if home == empty {
                    #expect(try Execution.require(["ls", "-A", home]).text == "")
                } else {
                    let add = ["instance", "add", "web-1", "--address", "127.0.0.1:1"]
                    let refused = try scratch.latchkey(add, environment: variables)
                    #expect(refused.status == 1 && refused.error.contains("the home folder '\(home)' is not there"))
                    #expect(!FileManager.default.fileExists(atPath: home))
                }
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "another user is needed")) func `a home that cannot be written is read`() throws
    {
        try Scratch.with { scratch in
            #expect(try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1:1").status == 0)
            try Execution.require(["chown", "-R", "65534:65534", scratch.latchkeyHome])
            try Execution.require(["chmod", "500", scratch.latchkeyHome])
            try Execution.require(["chmod", "755", scratch.path])
            let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
            let list = try Execution.run(
                user + [Scratch.program, "instance", "list"],
                environment: scratch.environment.merging(["TMPDIR": "/tmp"]) { $1 }
            )
            #expect(list.status == 0 && list.text.contains("web-1"), "\(list.error)")
            #expect(list.error.contains("latchkey.db' cannot be written; nothing is remembered"), "\(list.error)")
            let add = user + [Scratch.program, "instance", "add", "web-2", "--address", "127.0.0.1:1"]
            #expect(try Execution.run(add, environment: scratch.environment).status == 1)
        }
    }

    @Test func `a home that others may write to is refused with what mends it`() throws {
        try Scratch.with { scratch in
            #expect(try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1:1").status == 0)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch.latchkeyHome)
            for (program, arguments) in Self.commands {
                let refused = try run(scratch, program, arguments)
                #expect(refused.status != 0 && refused.output.isEmpty)
                #expect(
                    refused.error.contains("error: the folder '\(scratch.latchkeyHome)' can be changed by others\n")
                        && refused.error.contains("hint: if no one did: chmod go-w \(scratch.latchkeyHome)\n"),
                    "\(program) \(arguments): \(refused.error)"
                )
            }
            try Execution.require(["chmod", "go-w", scratch.latchkeyHome])
            #expect(try scratch.latchkey("instance", "list", "--quiet").line.hasPrefix("i-"))
        }
    }

    @Test(arguments: ["latchkey.db", "latchkey.db-wal", "latchkey.db-shm", "latchkey.db-journal"])
    func `a database that is a link is refused, and what it leads to left alone`(name: String) throws {
        try Scratch.with { scratch in
            #expect(try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1:1").status == 0)
            let victim = try scratch.write("victim", "precious")
            let path = "\(scratch.latchkeyHome)/\(name)"
            try? FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: victim)
            for (program, arguments) in Self.commands where arguments != ["session", "list"] {
                let refused = try run(scratch, program, arguments)
                #expect(refused.status != 0)
                #expect(refused.error.contains("error: '\(path)' is a link\n"), "\(program): \(refused.error)")
            }
            #expect(try scratch.read(victim) == "precious")
        }
    }

    @Test func `an agent's folder is held to the same`() throws {
        try Scratch.with { scratch in
            let folder = "\(scratch.path)/agent"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o722], ofItemAtPath: folder)
            let words = "the folder '\(folder)' can be changed by others\n"
            for arguments in [
                ["run", "--state", folder],
                [
                    "register", "--state", folder, "--endpoint", "https://127.0.0.1:1", "--activation-id", "a",
                    "--activation-code", "b",
                ],
                ["authorized-keys", "--state", folder, "root"],
            ] {
                let refused = try run(scratch, "latchkey-agent", arguments)
                #expect(refused.status != 0 && refused.error.contains(words), "\(arguments): \(refused.error)")
            }
        }
    }

    @Test func `a configuration that others may write to is refused`() throws {
        try Scratch.with { scratch in
            #expect(try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1:1").status == 0)
            try scratch.write("\(scratch.latchkeyHome)/config.json", "{}", mode: 0o666)
            let refused = try scratch.latchkey("key", "list")
            #expect(refused.status == 1)
            #expect(refused.error.contains("the file '\(scratch.latchkeyHome)/config.json' can be changed by others"))
        }
    }
}
