// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Commands that stay off the network: arguments, status, output and error of each.
struct CommandTests {
    /// One line of a script; `error` and `output` are parts of what must be printed.
    struct Line: Sendable {
        let arguments: [String]
        var status: Int32 = 0
        var output: [String] = []
        var error: [String] = []
    }

    private func play(_ lines: [Line]) throws {
        try Scratch.with { scratch in
            for line in lines {
                let run = try Execution.run([Scratch.program] + line.arguments, environment: scratch.environment)
                let shown = "\(line.arguments): \(run.status)\n\(run.text)\n\(run.error)"
                #expect(run.status == line.status, "\(shown)")
                for part in line.output { #expect(run.text.contains(part), "\(shown)") }
                for part in line.error { #expect(run.error.contains(part), "\(shown)") }
                if line.status != 0 {
                    // One line on what, at most one on what next, nothing else.
                    let words = run.error.split(separator: "\n")
                    #expect(words.first?.hasPrefix("latchkey: error: ") == true, "\(shown)")
                    #expect(
                        words.count <= 2 && words.dropFirst().allSatisfy { $0.hasPrefix("latchkey: hint: ") },
                        "\(shown)"
                    )
                    #expect(run.output.isEmpty, "\(shown)")
                }
            }
        }
    }

    @Test func `instances are added, listed, shown, tagged and removed`() throws {
        try play([
            Line(arguments: ["instance", "list", "-q"]),
            Line(
                arguments: ["instance", "add", "web-1", "-a", "10.0.0.1:2222", "-u", "admin", "-g", "env=prod"],
                output: ["i-"]
            ),
            Line(arguments: ["instance", "add", "web-2", "-a", "::1", "-a", "web-2.example"], output: ["i-"]),
            Line(arguments: ["instance", "ls"], output: ["web-1", "10.0.0.1:2222", "env=prod", "web-2", "::1"]),
            Line(
                arguments: ["instance", "list", "tag:env=prod", "-o", "json"],
                output: ["\"Name\" : \"web-1\"", "\"port\" : 2222"]
            ),
            Line(arguments: ["instance", "tag", "web-2", "env=test", "Name=db-1"]),
            Line(
                arguments: ["instance", "show", "db"],
                output: ["name       db-1", "state      added", "env=test", "none pinned yet"],
                error: ["latchkey: note: 'db' is taken for 'db-1' (i-"]
            ),
            Line(arguments: ["instance", "tag", "db-1", "--remove", "env"]),
            Line(arguments: ["instance", "rm", "db-1"], output: ["i-"]),
            Line(arguments: ["instance", "show", "db-1"], status: 1, error: ["no instance matches 'db-1'"]),
        ])
    }

    @Test func `key pairs are created, imported, shown and deleted`() throws {
        try play([
            Line(
                arguments: ["key", "create", "web"],
                output: ["/keys/web.pem"],
                error: ["created the ed25519 key pair 'web', SHA256:"]
            ),
            Line(arguments: ["key", "create", "old", "-t", "rsa", "-g", "a=b"], error: ["rsa 2048"]),
            Line(arguments: ["key", "create", "web"], status: 1, error: ["a key pair named 'web' exists already"]),
            Line(arguments: ["key", "ls"], output: ["old", "rsa 2048", "web", "created", "a=b", "  SHA256:"]),
            Line(arguments: ["key", "list", "-q"], output: ["old\nweb\n"]),
            Line(
                arguments: ["key", "show", "web", "-o", "json"],
                output: ["\"origin\" : \"created\"", "\"privateKeys\" : [", "ssh-ed25519 AAAA"]
            ),
            Line(
                arguments: ["key", "import", "copy", "/etc/hostname"],
                status: 1,
                error: ["there is no key in '/etc/hostname'"]
            ),
            Line(arguments: ["key", "import", "copy", "/nowhere"], status: 1, error: ["no such file"]),
            Line(arguments: ["key", "delete", "web"], error: ["the private half stays at"]),
            Line(arguments: ["key", "create", "web"], status: 1, error: ["exists already", "latchkey key import"]),
            Line(arguments: ["key", "delete", "old", "--with-private-key"]),
            Line(arguments: ["key", "create", "old"], output: ["old.pem"]),
            Line(
                arguments: ["key", "show", "nope"],
                status: 1,
                error: ["no key pair named 'nope'", "latchkey key list"]
            ),
        ])
    }

    @Test func `mistakes in a call are told as such`() throws {
        try play([
            Line(arguments: ["connect", "--nope"], status: 64, error: ["--nope"]),
            Line(arguments: ["connect", "web-1", "-t", "-T"], status: 64, error: ["exclude each other"]),
            Line(
                arguments: ["connect", "web-1", "-p", "0"],
                status: 64,
                error: ["--port must be between 1 and 65535"]
            ),
            Line(arguments: ["connect"], status: 64, error: ["no instance is named"]),
            Line(arguments: ["connect", "a\u{1B}[2Jb"], status: 64, error: ["a\\u{1B}[2Jb"]),
            Line(arguments: ["connect", "a\nb"], status: 64, error: ["a\\u{A}b"]),
            Line(arguments: ["connect", ""], status: 64),
            Line(arguments: ["connect", "tag:x"], status: 64, error: ["tag:KEY=VALUE"]),
            Line(arguments: ["connect", "web-1", "-u", "-x y"], status: 64),
            Line(arguments: ["connect", "web-1"], status: 255, error: ["no instance matches 'web-1'"]),
            Line(arguments: ["instance", "add", "a\nb", "-a", "h"], status: 64, error: ["a\\u{A}b"]),
            Line(
                arguments: ["instance", "add", "--address", "h", "--", "-x"],
                status: 64,
                error: ["begins with a dash"]
            ),
            Line(arguments: ["instance", "add", "x", "-a", "-oProxyCommand=sh"], status: 64),
            Line(arguments: ["instance", "add", "x", "-a", "h:0"], status: 64, error: ["no port between 1 and 65535"]),
            Line(arguments: ["instance", "add", "x", "-a", "h", "-g", "novalue"], status: 64, error: ["KEY=VALUE"]),
            Line(
                arguments: ["instance", "add", "x", "-a", "h", "--host-key", "nonsense"],
                status: 64,
                error: ["is not a host key"]
            ),
            Line(arguments: ["instance", "list", "-q"]),
            Line(arguments: ["key", "create", "../../x"], output: ["%2E.%2F..%2Fx.pem"]),
            Line(arguments: ["key", "create", "a\u{7}"], status: 64),
        ])
    }

    @Test func `an ambiguous name is refused with the list`() throws {
        try play([
            Line(arguments: ["instance", "add", "web-1", "-a", "10.0.0.1"]),
            Line(arguments: ["instance", "add", "web-2", "-a", "10.0.0.2"]),
            Line(
                arguments: ["connect", "web"],
                status: 255,
                error: ["'web' matches several instances: web-1 (i-", "web-2 (i-", "use an id"]
            ),
            Line(arguments: ["instance", "rm", "web-1", "web-9"], status: 1, error: ["web-9"]),
            Line(arguments: ["instance", "list", "-q", "web-1"], output: ["i-"]),
        ])
    }

    @Test func `an address that is not known is answered with how to add it`() throws {
        try play([
            Line(
                arguments: ["connect", "admin@10.1.2.3"],
                status: 255,
                error: [
                    "no instance matches '10.1.2.3'",
                    "latchkey instance add NAME --address 10.1.2.3 --user admin adds it",
                ]
            ),
            Line(
                arguments: ["connect", "-u", "bob", "web.example", "id"],
                status: 255,
                error: ["latchkey instance add NAME --address web.example --user bob adds it"]
            ),
            Line(arguments: ["connect", "fe80::1"], status: 255, error: ["--address fe80::1 adds it"]),
            Line(arguments: ["connect", "web"], status: 255, error: ["latchkey instance list shows"]),
        ])
    }

    @Test func `names from a database cannot reach the terminal raw`() throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("instance", "add", "web-1", "--address", "10.0.0.1")
            try Execution.require([
                "python3", "-c",
                """
                import sqlite3
                c = sqlite3.connect('\(scratch.latchkeyHome)/latchkey.db')
                c.execute("update instanceTag set value = 'evil' || char(27) || ']0;x' || char(7)")
                c.execute("update instanceAddress set address = '127.0.0.9' || char(27)")
                c.execute("update instance set user = char(27) || 'c', keyName = char(155)")
                c.commit()
                """,
            ])
            for arguments in [
                ["instance", "list"], ["instance", "show", "evil"], ["instance", "list", "-o", "json"],
                ["explain", "evil", "--offline"],
            ] {
                let run = try Execution.run([Scratch.program] + arguments, environment: scratch.environment)
                let raw = run.text + run.error
                #expect(
                    !raw.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || (127..<160).contains($0.value) },
                    "\(arguments)"
                )
                #expect(raw.contains("evil"))
            }
        }
    }

    @Test func `a stopped instance is not knocked at`() throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1:9")
            try Execution.require([
                "python3", "-c",
                """
                import sqlite3
                c = sqlite3.connect('\(scratch.latchkeyHome)/latchkey.db')
                c.execute("update instance set state = 'stopped'")
                c.commit()
                """,
            ])
            let run = try scratch.latchkey("connect", "web-1", "--", "id")
            #expect(run.status == 255)
            #expect(run.error.hasPrefix("latchkey: error: instance 'web-1' is stopped\nlatchkey: hint: "))
            #expect(run.error.contains("latchkey instance start 'web-1'"))
        }
    }

    @Test func `a full disk leaves nothing half-written`() throws {
        try Scratch.with { scratch in
            // A disk of 1 MiB of its own, that is gone with the process.
            let script = """
                mount -t tmpfs -o size=1m none $1 && export LATCHKEY_HOME=$1/l
                "$0" instance list -q && head -c 2M /dev/zero > $1/fill 2>/dev/null
                "$0" key create web; echo $?; ls $1/l/keys 2>/dev/null | wc -l
                rm $1/fill; "$0" key create web >/dev/null 2>&1; echo $?; ls $1/l/keys
                """
            let run = try Execution.run(
                ["unshare", "--mount"] + (geteuid() == 0 ? [] : ["--map-root-user"])
                    + ["bash", "-c", script, Scratch.program, scratch.home],
                environment: scratch.environment
            )
            #expect(run.text == "1\n0\n0\nweb.pem\n", "\(run.error)")
            #expect(
                run.error.contains("latchkey: error: ") && run.error.contains("full")
                    || run.error.contains("no space left")
            )
        }
    }

    @Test func `a configuration is read, and a malformed one is told`() throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1")
            let keys = "\(scratch.path)/more"
            try FileManager.default.createDirectory(atPath: keys, withIntermediateDirectories: true)
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(keys)/k"])
            _ = try scratch.latchkey("key", "import", "k", "\(keys)/k.pub")
            #expect(try scratch.latchkey("key", "list").text.contains("not here"))
            try scratch.write("\(scratch.latchkeyHome)/config.json", "{\"keyDirectories\": [\"\(keys)\"]}")
            #expect(try scratch.latchkey("key", "list").text.contains("\(keys)/k"))
            try scratch.write("\(scratch.latchkeyHome)/config.json", "{\"keyDirectories\": 3}")
            let wrong = try scratch.latchkey("key", "list")
            #expect(wrong.status == 1)
            #expect(wrong.error.contains("'keyDirectories' is of the wrong type"))
        }
    }

    @Test func `version, help and completions come at once`() throws {
        try Scratch.with { scratch in
            #expect(try scratch.latchkey("--version").text == "0.1.0\n")
            #expect(try scratch.latchkey("--help").text.contains("connect"))
            #expect(
                try scratch.latchkey("connect", "--help").text
                    .contains("USAGE: latchkey connect [<options>] [<name>] [<command> ...]\n")
            )
            for shell in ["bash", "zsh", "fish"] {
                let script = try scratch.latchkey("--generate-completion-script", shell)
                #expect(script.text.contains("latchkey"))
            }
            // Nothing is made by asking.
            #expect(!FileManager.default.fileExists(atPath: scratch.latchkeyHome))
        }
    }

    @Test func `the man page knows every command and option`() throws {
        struct Help: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable { let kind: String, name: String }
                let names: [Name]?
            }
            struct Command: Decodable {
                let commandName: String
                let subcommands: [Command]?
                let arguments: [Argument]?
            }
            let command: Command
        }
        try Scratch.with { scratch in
            let dump = try scratch.latchkey("--experimental-dump-help").output
            let page = try scratch.read("\(#filePath)".replacing(/Tests\/.*/, with: "man/latchkey.1"))
            var missing: [String] = []
            func check(_ command: Help.Command, _ path: [String]) {
                if command.commandName == "help" { return }
                let words = (path + [command.commandName]).dropFirst().joined(separator: " ")
                if command.subcommands == nil && !page.contains("Cm \(words)") { missing.append(words) }
                for name in (command.arguments ?? []).flatMap({ $0.names ?? [] }) {
                    let flag = name.kind == "long" ? "Fl -\(name.name)" : "Fl \(name.name)"
                    if !page.contains(flag) { missing.append("\(words) \(flag)") }
                }
                for child in command.subcommands ?? [] { check(child, path + [command.commandName]) }
            }
            check(try JSONDecoder().decode(Help.self, from: dump).command, [])
            #expect(missing.isEmpty)
        }
    }

    @Test func `the time for reaching an instance is the option's, else the variable's`() throws {
        try Scratch.with { scratch in
            try scratch.latchkey("instance", "add", "web-1", "--address", "127.0.0.1:1")
            let cases: [(arguments: [String], variable: String, refused: String?)] = [
                ([], "0", "LATCHKEY_TIMEOUT"), ([], "soon", "LATCHKEY_TIMEOUT"),
                (["--timeout", "3601"], "5", "--timeout"),
                (["--timeout", "5"], "soon", nil), ([], "5", nil),
            ]
            for (arguments, variable, refused) in cases {
                let run = try scratch.latchkey(
                    ["connect", "web-1"] + arguments + ["--", "true"],
                    environment: ["LATCHKEY_TIMEOUT": variable]
                )
                if let refused {
                    #expect(run.status == 64, "\(run)")
                    #expect(run.error.contains("\(refused) must be between 1 and 3600 seconds"), "\(run)")
                } else {
                    #expect(run.status == 255 && run.error.contains("there is no private key"), "\(run)")
                }
            }
        }
    }
}
