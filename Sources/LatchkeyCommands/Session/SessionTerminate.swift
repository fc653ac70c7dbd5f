// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyModel

struct SessionTerminate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "terminate",
        abstract: "End sessions, with what runs in them.",
        aliases: ["rm"]
    )

    @Argument(help: "The sessions' ids, or the beginnings of ids.")
    var sessions: [String]

    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let relay = try control.access().requireRelay()
        for session in sessions { try relay.terminate(matching: session) }
    }
}
