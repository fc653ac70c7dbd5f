// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyCommandLine

struct InstanceCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "instance",
            abstract: "Add, launch, list and change instances.",
            subcommands: CompletedCommands.named([
                InstanceAdd.self, InstanceLaunch.self, InstanceList.self, InstanceShow.self, InstanceEdit.self,
                InstanceTag.self, InstanceTrust.self, InstancePassword.self, InstanceStart.self, InstanceStop.self,
                InstanceReboot.self,
                InstanceTerminate.self, InstanceRemove.self,
            ])
        )
    }
}
