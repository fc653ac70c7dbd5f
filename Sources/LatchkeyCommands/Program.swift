// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import LatchkeyCommandLine
internal import LatchkeyModel
internal import LatchkeySystem

/// The `latchkey` program.
package enum Program {
    /// Runs what this process's name and arguments ask for and ends the process with the right status.
    package static func run() -> Never {
        ProcessSurroundings.hardenProcess()
        if CommandLine.arguments.first?.split(separator: "/").last.map(String.init) == SessionManagerPlugin.name {
            ProcessSurroundings.end(SessionManagerPlugin.run())
        }
        var manners = Invocation.Manners()
        manners.valueOptions = Connect.valueOptions
        manners.advice = { word in "latchkey connect \(RemoteCommand.quoted(word.terminalSafe)), if it is an instance" }
        manners.prepare = Connect.separatingCommand
        ProcessSurroundings.end(Invocation.run(Latchkey.self, manners))
    }
}
