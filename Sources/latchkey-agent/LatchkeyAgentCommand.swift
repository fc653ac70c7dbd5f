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

/// Where the agent keeps its registration.
struct StateOption: ParsableArguments {
    @Option(
        name: .customLong("state"),
        help: ArgumentHelp(
            "The folder of the registration; /var/lib/latchkey-agent, or one in the home folder unless root.",
            valueName: "folder"
        )
    )
    var given: String?

    var folder: String {
        if let given { return given }
        if geteuid() == 0 { return "/var/lib/latchkey-agent" }
        let base = Environment.value("XDG_STATE_HOME") ?? "\(Environment.home)/.local/state"
        return "\(base)/latchkey-agent"
    }
}
