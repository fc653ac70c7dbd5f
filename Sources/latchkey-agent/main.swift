// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyModel
internal import LatchkeyTerminal

ProcessSurroundings.settle()
do {
    var command = try LatchkeyAgentCommand.parseAsRoot()
    try command.run()
} catch let error as LatchkeyError {
    Console.report(error, program: "latchkey-agent")
    exit(1)
} catch {
    LatchkeyAgentCommand.exit(withError: error)
}
