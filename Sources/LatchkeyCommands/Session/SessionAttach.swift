// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeyTerminal

struct SessionAttach: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Take over a session that runs, with what was last on its screen.",
        discussion: """
            The client that had it before is told so and leaves. A shell whose client was lost waits for this until the relay's \
            idle limit.
            """
    )

    @Argument(help: "The session's id, or the beginning of one.")
    var session: String

    @Flag(name: .shortAndLong, help: "Tell each step, with its time.")
    var verbose = false

    @OptionGroup(title: "Control plane") var control: ControlOptions

    func run() throws {
        let outcome: Broker.RunOutcome
        do {
            let access = control.access()
            let broker = try access.broker(try access.plane(), verbose ? .on(TerminalInteraction()) : .off)
            outcome = try broker.attach(session)
        } catch let error as LatchkeyError {
            let status = Failure.status(of: error, own: Failure.ownFailure)
            throw Failure.Reported(error: error, status: status, showsCause: verbose)
        }
        try Failure.pass(on: outcome)
    }
}
