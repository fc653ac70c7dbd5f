// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySystem

/// The root of the agent's commands.
struct LatchkeyAgentCommand: RootCommand {
    static let commands: [any ParsableCommand.Type] = [Register.self, Run.self, AuthorizedKeysCommand.self]

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "latchkey-agent",
            abstract: "Dials out to a latchkeyd and opens shells, commands and ports on this machine for its users.",
            version: "0.1.0",
            subcommands: commands + CompletedCommands.help(of: LatchkeyAgentCommand.self)
        )
    }
}
