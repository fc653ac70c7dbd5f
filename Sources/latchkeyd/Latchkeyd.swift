// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyCommandLine

/// The root of the server's commands.
struct Latchkeyd: RootCommand {
    static let commands: [any ParsableCommand.Type] = [
        Init.self, Run.self, AccessKeyCommand.self, ActivationCommand.self, ConsoleCommand.self,
    ]

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "latchkeyd",
            abstract: "Serves a fleet: sessions through the relay, for the latchkey, aws and agent programs.",
            discussion: """
                latchkeyd init --name relay.example        certificates and an access key
                latchkeyd run --listen 0.0.0.0:8443        serve
                latchkeyd activation create --name web-1   let a machine's agent in
                """,
            version: "0.1.0",
            subcommands: commands + CompletedCommands.help(of: Latchkeyd.self)
        )
    }
}
