// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCommandLine
internal import LatchkeySystem

ProcessSurroundings.hardenProcess()
ProcessSurroundings.end(Invocation.run(LatchkeyAgentCommand.self))
