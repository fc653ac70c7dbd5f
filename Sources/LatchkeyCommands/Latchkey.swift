// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyTerminal

/// The root of the commands.
struct Latchkey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkey",
        abstract: "Opens a shell on an instance by its name.",
        discussion: """
            latchkey connect web-1                a shell
            latchkey connect web-1 -- uptime      one command; its exit status is yours
            latchkey explain web-1                which key, which road, and why
            """,
        version: "0.1.0",
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(name: "Connection", subcommands: [Connect.self, Explain.self, SessionCommand.self]),
            CommandGroup(
                name: "Upkeep",
                subcommands: [InstanceCommand.self, KeyCommand.self, Doctor.self]
            ),
        ]
    )

    @OptionGroup(title: "Control plane") var control: ControlOptions
}

/// The `latchkey` program.
package enum Program {
    /// Runs what this process's name and arguments ask for and ends the process with the right status.
    package static func run() -> Never {
        ProcessSurroundings.settle()
        if CommandLine.arguments.first?.split(separator: "/").last.map(String.init) == SessionManagerPlugin.name {
            ProcessSurroundings.end(SessionManagerPlugin.run())
        }
        let status = Invocation.run(Latchkey.self) { message, help in
            let isStrayWord = message.hasPrefix("unexpected argument") && help.hasPrefix("latchkey connect")
            return isStrayWord ? "a command goes behind --: latchkey connect NAME -- COMMAND" : nil
        }
        ProcessSurroundings.end(status)
    }
}
