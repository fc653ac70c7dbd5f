// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyModel
internal import LatchkeyTerminal

var none = rlimit(rlim_cur: 0, rlim_max: 0)
// What people type passes through this process's memory, which a core file would show.
_ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
do {
    var command = try LatchkeyAgentCommand.parseAsRoot()
    try command.run()
} catch let error as LatchkeyError {
    Console.report(error, program: "latchkey-agent")
    exit(1)
} catch {
    LatchkeyAgentCommand.exit(withError: error)
}
