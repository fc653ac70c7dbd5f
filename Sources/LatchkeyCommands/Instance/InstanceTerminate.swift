// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeyRemote

struct InstanceTerminate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "terminate",
        abstract: "End instances for good, with all that is on them."
    )

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var change: StateChangeOptions

    func run() throws { try change.run(.terminate, waiting) }
}
