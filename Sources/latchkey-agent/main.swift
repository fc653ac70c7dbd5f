// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCommandLine
internal import LatchkeyTerminal

ProcessSurroundings.settle()
ProcessSurroundings.end(Invocation.run(LatchkeyAgentCommand.self))
