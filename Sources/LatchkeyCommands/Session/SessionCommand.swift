// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySQLite

struct SessionCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "session",
            abstract: "List, take over and end sessions through the relay.",
            subcommands: CompletedCommands.named([SessionList.self, SessionAttach.self, SessionTerminate.self])
        )
    }
}
