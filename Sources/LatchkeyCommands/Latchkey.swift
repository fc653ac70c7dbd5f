// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyModel
internal import LatchkeyTerminal

/// The root of the commands.
struct Latchkey: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "latchkey",
        abstract: "Opens a shell on an instance by its name.",
        discussion: """
            latchkey connect web-1                a shell
            latchkey connect web-1 -- uptime      one command; its exit status is yours
            latchkey explain web-1                which key, which road, and why
            """,
        version: version,
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(name: "Entering instances:", subcommands: [Connect.self, Explain.self]),
            CommandGroup(name: "Looking after them:", subcommands: [InstanceCommand.self, KeyCommand.self]),
        ]
    )
}

/// The `latchkey` program.
package enum Program {
    /// Runs what this process's arguments ask for and ends the process with the right status.
    package static func run() -> Never {
        let arguments = Array(CommandLine.arguments.dropFirst())
        // Asked for by every script that checks what is installed; the parser takes longer than the answer.
        if arguments == ["--version"] {
            Output.print(Latchkey.version)
            exit(0)
        }
        do {
            var command = try Latchkey.parseAsRoot(arguments)
            try command.run()
            exit(0)
        } catch {
            exit(Failure.report(error))
        }
    }
}
