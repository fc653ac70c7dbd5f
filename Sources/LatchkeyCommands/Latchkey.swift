// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTerminal

/// The root of the commands.
struct Latchkey: RootCommand {
    private static let connection: [any ParsableCommand.Type] = [Connect.self, Explain.self, SessionCommand.self]
    private static let upkeep: [any ParsableCommand.Type] = [InstanceCommand.self, KeyCommand.self, Doctor.self]

    static var commands: [any ParsableCommand.Type] { connection + upkeep }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "latchkey",
            abstract: "Opens a shell on an instance by its name.",
            discussion: """
                latchkey connect web-1                a shell
                latchkey connect web-1 uptime         one command; its exit status is yours
                latchkey explain web-1                which key, which road, and why
                """,
            version: "0.1.0",
            subcommands: CompletedCommands.help(of: Latchkey.self),
            groupedSubcommands: [
                CommandGroup(name: "Connection", subcommands: connection),
                CommandGroup(name: "Upkeep", subcommands: upkeep),
            ]
        )
    }

    @OptionGroup(title: "Control plane") var control: ControlOptions
}
