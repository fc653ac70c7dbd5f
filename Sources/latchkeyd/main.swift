// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyCommandLine
internal import LatchkeySystem

ProcessSurroundings.hardenProcess()
exit(Invocation.run(Latchkeyd.self))
