// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyCommandLine
internal import LatchkeyKeys
internal import LatchkeyModel

struct KeyCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "key",
            abstract: "Create, list, install and replace key pairs.",
            subcommands: CompletedCommands.aliases(of: [KeyList.self, KeyDelete.self]),
            groupedSubcommands: [
                CommandGroup(
                    name: "Key pair",
                    subcommands: [KeyCreate.self, KeyImport.self, KeyList.self, KeyShow.self, KeyDelete.self]
                ),
                CommandGroup(
                    name: "File and fingerprint",
                    subcommands: [KeyFingerprint.self, KeyMatch.self, KeyConvert.self]
                ),
                CommandGroup(name: "Instance", subcommands: [KeyInstall.self, KeyReplace.self]),
            ]
        )
    }
}
