// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeyRemote

struct InstanceReboot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reboot",
        abstract: "Reboot running instances."
    )

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var change: StateChangeOptions

    func run() throws { try change.run(.reboot, waiting) }
}
