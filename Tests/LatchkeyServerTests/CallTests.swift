// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// What latchkeyd and latchkey-agent say to whoever calls them, without any of them running.
struct CallTests {
    private func run(_ scratch: Scratch, _ program: String, _ arguments: [String]) throws -> Execution {
        try Execution.run([Scratch.program(named: program)] + arguments, environment: scratch.environment)
    }

    @Test(
        arguments: [
            ("latchkeyd", ["ini"], "'ini'", "did you mean 'latchkeyd init'?"),
            ("latchkeyd", ["run", "--nope"], "'--nope'", "latchkeyd run --help"),
            ("latchkeyd", ["run", "more"], "'more'", "latchkeyd run --help"),
            ("latchkeyd", ["run", "--listen", "here"], "'here' is not HOST:PORT", "latchkeyd run --help"),
            ("latchkeyd", ["run", "--log-level", "loud"], "--log-level", "latchkeyd run --help"),
            ("latchkeyd", ["init", "--port", "x"], "'x'", "latchkeyd init --help"),
            ("latchkeyd", ["init", "--port", "0"], "--port must be 1 to 65535", "latchkeyd init --help"),
            ("latchkeyd", ["run", "--listen", "h:70000"], "with a port up to 65535", "latchkeyd run --help"),
            ("latchkeyd", ["access-key", "create"], "'<user>'", "latchkeyd access-key create --help"),
            ("latchkeyd", ["access-key", "create", "a b"], "'a b'", "choose one of letters"),
            ("latchkeyd", ["activation", "make"], "'make'", "latchkeyd activation --help"),
            ("latchkeyd", ["activation", "create", "--limit", "0"], "--limit must be 1 to 1000", "create --help"),
            ("latchkeyd", ["a\u{1B}[2J\n"], "a\\u{1B}[2J", "latchkeyd --help"),
            ("latchkey-agent", ["start"], "'start'", "latchkey-agent --help"),
            ("latchkey-agent", ["register"], "'--endpoint <url>'", "latchkey-agent register --help"),
            (
                "latchkey-agent", ["register", "--endpoint", "https://x", "--activation-id", "x"],
                "the activation's code is missing", "LATCHKEY_ACTIVATION_CODE"
            ),
            ("latchkey-agent", ["run", "now"], "'now'", "latchkey-agent run --help"),
        ] as [(String, [String], String, String)]
    )
    func `a mistake in the call is told in a line, with a hint`(
        program: String,
        arguments: [String],
        what: String,
        hint: String
    ) throws {
        try Scratch.with { scratch in
            let run = try run(scratch, program, arguments)
            #expect(run.status == 64, "\(run)")
            #expect(run.output.isEmpty, "\(run)")
            let lines = run.error.split(separator: "\n")
            #expect(lines.count == 2, "\(run.error)")
            #expect(lines.first?.hasPrefix("\(program): error: ") == true, "\(run.error)")
            #expect(lines.first?.contains(what) == true, "\(run.error)")
            #expect(lines.last?.hasPrefix("\(program): hint: ") == true, "\(run.error)")
            #expect(lines.last?.contains(hint) == true, "\(run.error)")
        }
    }

    @Test(arguments: ["latchkeyd", "latchkey-agent"]) func `version and help come at once`(program: String) throws {
        try Scratch.with { scratch in
            #expect(try run(scratch, program, ["--version"]).text == "0.1.0\n")
            for arguments in [[], ["--help"], ["help"], ["run", "--help"]] {
                let help = try run(scratch, program, arguments)
                #expect(help.status == 0 && help.error.isEmpty, "\(help)")
                #expect(help.text.contains("USAGE: \(program)"), "\(help)")
            }
            #expect(!FileManager.default.fileExists(atPath: scratch.latchkeyHome))
        }
    }

    @Test func `what cannot be done is told with what can`() throws {
        try Scratch.with { scratch in
            let port = try TestRelay.freePort()
            let here = "127.0.0.1:\(port)"
            let tls = "\(scratch.latchkeyHome)/tls"
            func latchkeyd(_ arguments: String...) throws -> Execution { try run(scratch, "latchkeyd", arguments) }
            func refuses(_ run: Execution, _ what: String, _ hint: String) {
                #expect(run.status == 1, "\(run)")
                // A latchkeyd that begins to serve logs what it does.
                let lines = run.error.split(separator: "\n").filter { !$0.hasPrefix("{") }
                #expect(lines.count == 2, "\(run.error)")
                #expect(lines.first?.hasPrefix("latchkeyd: error: ") == true && lines.first?.contains(what) == true)
                #expect(lines.last?.hasPrefix("latchkeyd: hint: ") == true && lines.last?.contains(hint) == true)
            }
            refuses(try latchkeyd("access-key", "delete", "x"), "no access key 'x'", "latchkeyd access-key list")
            refuses(try latchkeyd("activation", "delete", "x"), "no activation 'x'", "latchkeyd activation list")
            refuses(try latchkeyd("run", "--listen", "0.0.0.0:\(port)"), "without TLS", "latchkeyd init")
            let first = try latchkeyd("init", "--port", "\(port)")
            #expect(first.error.hasSuffix("latchkeyd: start it: latchkeyd run\n"), "\(first.error)")
            let second = try latchkeyd("init", "--port", "\(port)", "--name", "x.example")
            #expect(second.error.contains("with a new certificate: latchkeyd run --listen 0.0.0.0:"), "\(second.error)")
            #expect(second.text.contains("https://x.example:\(port)"))
            // Without a word it only shows the profile again.
            let third = try latchkeyd("init")
            #expect(third.text == second.text && !third.error.contains("start it"), "\(third)")
            refuses(try latchkeyd("run", "--listen", "no.invalid:1"), "the name cannot be resolved", "0.0.0.0 for all")
            let daemon = try BackgroundProcess(
                [Scratch.program(named: "latchkeyd"), "run", "--listen", here],
                environment: scratch.environment
            )
            defer { daemon.stop() }
            try TestRelay.wait(for: "it to serve") {
                try Execution.run(["curl", "-sf", "http://\(here)/healthz"]).status == 0
            }
            refuses(try latchkeyd("run", "--listen", here), "another latchkeyd serves the home", "stop that one first")
            let elsewhere = scratch.environment.merging(["LATCHKEY_HOME": "\(scratch.path)/other"]) { $1 }
            refuses(
                try Execution.run(
                    [Scratch.program(named: "latchkeyd"), "run", "--listen", here],
                    environment: elsewhere
                ),
                "already in use",
                "may run already"
            )
            try Data("nonsense".utf8).write(to: URL(fileURLWithPath: "\(tls)/ca.pem"))
            refuses(
                try latchkeyd("init", "--name", "y.example"),
                "the authority in '\(tls)' cannot be used",
                "ca-key.pem"
            )
        }
    }

    /// A new one would open none of the secrets that the old one sealed.
    @Test func `a master key that is gone is not made anew behind anybody's back`() throws {
        try Scratch.with { scratch in
            func latchkeyd(_ arguments: String...) throws -> Execution { try run(scratch, "latchkeyd", arguments) }
            let profile = try latchkeyd("init").text
            try FileManager.default.removeItem(atPath: "\(scratch.latchkeyHome)/master.key")
            for run in [try latchkeyd("run"), try latchkeyd("init"), try latchkeyd("access-key", "create", "x")] {
                #expect(run.status == 1 && run.error.contains("master.key' is gone"), "\(run)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(scratch.latchkeyHome)/master.key"))
            let id = try #require(profile.firstMatch(of: /aws_access_key_id = (\w+)/)?.1)
            #expect(try latchkeyd("access-key", "delete", String(id)).status == 0)
            let again = try latchkeyd("init")
            #expect(again.status == 0 && !again.text.contains(id), "\(again)")
        }
    }

    @Test func `a code that cannot be shown is no success`() throws {
        try Scratch.with { scratch in
            let run = try Execution.run(
                ["bash", "-c", "\"$0\" activation create >/dev/full", Scratch.program(named: "latchkeyd")],
                environment: scratch.environment
            )
            #expect(run.status == 1)
            #expect(run.error.hasPrefix("latchkeyd: error: cannot write the output: no space left"), "\(run.error)")
        }
    }
}
