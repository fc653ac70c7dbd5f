// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeySystem
internal import LatchkeyTerminal

extension Failure {
    /// `connect`'s own failures, apart from those of the command that it runs; as ssh(1).
    static let ownFailure: Int32 = 255

    /// Ends this process as what ran on the instance ended.
    ///
    /// - Throws: the status, if it is not 0.
    static func pass(on outcome: Broker.RunOutcome) throws {
        switch outcome {
        case .exited(0): return
        case .exited(let status): throw ExitCode(status)
        case .disconnected:
            Console.note("latchkey: disconnected")
            throw ExitCode(ownFailure)
        case .signalled(let number): Signals.die(by: number)
        }
    }
}
