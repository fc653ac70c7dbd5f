// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyCommandLine
internal import LatchkeyTerminal

ProcessSurroundings.hardenProcess()
exit(Invocation.run(Latchkeyd.self))
