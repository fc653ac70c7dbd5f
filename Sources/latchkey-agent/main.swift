// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyCommandLine
internal import LatchkeyTerminal

ProcessSurroundings.settle()
exit(Invocation.run(LatchkeyAgentCommand.self))
