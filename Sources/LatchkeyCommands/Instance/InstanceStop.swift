// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeyRemote

struct InstanceStop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop instances; what is on their disks stays."
    )

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var change: StateChangeOptions

    func run() throws { try change.run(.stop, waiting) }
}
