// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Words where a command is expected, in all three programs.
struct UnknownCommandTests {
    @Test(arguments: [
        ("latchkey", ["conect", "web"], "no command 'conect'", "did you mean 'latchkey connect'?"),
        ("latchkey", ["conect", "web", "-t"], "no command 'conect'", "did you mean 'latchkey connect'?"),
        ("latchkey", ["--profile", "p", "conect"], "no command 'conect'", "did you mean 'latchkey connect'?"),
        ("latchkey", ["inst"], "no command 'inst'", "did you mean 'latchkey instance'?"),
        ("latchkey", ["web-1"], "no command 'web-1'", "latchkey connect web-1, if it is an instance"),
        ("latchkey", ["a b;c"], "no command 'a b;c'", "latchkey connect 'a b;c', if it is an instance"),
        ("latchkey", ["add"], "no command 'add'", "did you mean 'latchkey instance add'?"),
        (
            "latchkey", ["ls"], "no command 'ls'",
            "did you mean 'latchkey session list' or 'latchkey instance list' or 'latchkey key list'?"
        ),
        (
            "latchkey", ["instance", "lsit"], "no command 'lsit' in 'latchkey instance'",
            "did you mean 'latchkey instance list'?"
        ),
        (
            "latchkey", ["instance", "zzz"], "no command 'zzz' in 'latchkey instance'",
            "latchkey instance --help lists the commands"
        ),
        ("latchkey", ["help", "nosuch"], "no command 'nosuch'", "latchkey connect nosuch, if it is an instance"),
        ("latchkey", ["help", "conect"], "no command 'conect'", "did you mean 'latchkey connect'?"),
        (
            "latchkey", ["help", "key", "creat"], "no command 'creat' in 'latchkey key'",
            "did you mean 'latchkey key create'?"
        ),
        ("latchkey", ["hlep"], "no command 'hlep'", "did you mean 'latchkey help'?"),
        ("latchkey", ["x\u{1B}[2J"], "no command 'x\\u{1B}[2J'", "if it is an instance"),
        ("latchkeyd", ["rnu"], "no command 'rnu'", "did you mean 'latchkeyd run'?"),
        (
            "latchkeyd", ["activation", "make"], "no command 'make' in 'latchkeyd activation'",
            "latchkeyd activation --help lists the commands"
        ),
        ("latchkeyd", ["create"], "no command 'create'", "'latchkeyd activation create'?"),
        ("latchkey-agent", ["regster"], "no command 'regster'", "did you mean 'latchkey-agent register'?"),
    ])
    func `the nearest command is named`(program: String, arguments: [String], error: String, hint: String) throws {
        try Scratch.with { scratch in
            let run = try Execution.run(
                [Scratch.program(named: program)] + arguments,
                environment: scratch.environment
            )
            let lines = run.error.split(separator: "\n").map(String.init)
            #expect(run.status == 64)
            #expect(run.output.isEmpty)
            #expect(lines.count == 2, "\(run.error)")
            #expect(lines.first == "\(program): error: \(error)")
            #expect(
                lines.last?.hasPrefix("\(program): hint: ") == true && lines.last?.hasSuffix(hint) == true,
                "\(run.error)"
            )
        }
    }

    /// What follows an option that is not known may be its value.
    @Test(arguments: [
        (["--profle", "p", "connect", "web"], "--profle"), (["connect", "--nope", "web"], "--nope"),
        (["instance", "list", "--outptu", "json"], "--outptu"), (["instance", "list", "a", "b"], "'b'"),
    ])
    func `other mistakes are told as the parser tells them`(arguments: [String], error: String) throws {
        try Scratch.with { scratch in
            let run = try Execution.run([Scratch.program] + arguments, environment: scratch.environment)
            #expect(run.status == 64)
            #expect(run.error.contains(error), "\(run.error)")
            #expect(!run.error.contains("no command"), "\(run.error)")
        }
    }

    @Test func `help for what is there is shown`() throws {
        try Scratch.with { scratch in
            for arguments in [["help"], ["help", "instance"], ["help", "instance", "ls"], ["instance"], []] {
                let run = try Execution.run([Scratch.program] + arguments, environment: scratch.environment)
                #expect(run.status == 0 && run.text.contains("USAGE: latchkey"), "\(arguments): \(run.error)")
            }
        }
    }

    /// Where a value option is missing in the program's own list, a command's first word would be taken for its value.
    @Test func `every option of connect that has a value is known as one`() throws {
        struct Help: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable { let kind: String, name: String }
                let kind: String
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
            let root = try JSONDecoder().decode(Help.self, from: dump).command
            let connect = try #require(root.subcommands?.first { $0.commandName == "connect" })
            var count = 0
            for argument in (root.arguments ?? []) + (connect.arguments ?? []) where argument.kind != "positional" {
                for name in argument.names ?? [] {
                    let option = name.kind == "long" ? "--\(name.name)" : "-\(name.name)"
                    if ["-h", "--help", "--version"].contains(option) { continue }
                    count += 1
                    let value = argument.kind == "option" ? ["22"] : []
                    let run = try Execution.run(
                        [Scratch.program, "connect", option] + value + ["web", "ls", "-la", "--no-such-option"],
                        input: Data(),
                        environment: scratch.environment
                    )
                    #expect(run.status != 0)
                    // The name is taken for the command, or the command's options for those of connect.
                    for sign in ["no instance is named", "-la", "no-such-option"] {
                        #expect(!run.error.contains(sign), "\(option): \(run.error)")
                    }
                    if value.isEmpty { #expect(run.error.contains("no instance matches 'web'"), "\(option)") }
                }
            }
            #expect(count > 15)
        }
    }
}
