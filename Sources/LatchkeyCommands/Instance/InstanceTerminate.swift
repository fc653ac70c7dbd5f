// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeyRemote

struct InstanceTerminate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "terminate",
        abstract: "Terminate instances; all that is on them is lost."
    )

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var change: StateChangeOptions

    func run() throws { try change.run(.terminate, waiting) }
}
