// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyModel
internal import LatchkeyRemote

struct InstanceStart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start instances that are stopped."
    )

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var change: StateChangeOptions

    func run() throws { try change.run(.start, waiting) }
}
