// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyModel
internal import LatchkeyTerminal

var none = rlimit(rlim_cur: 0, rlim_max: 0)
// Access keys and session tokens are in memory, which a core file would show.
_ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
do {
    var command = try Latchkeyd.parseAsRoot()
    try command.run()
} catch let error as LatchkeyError {
    Console.report(error, program: "latchkeyd")
    exit(1)
} catch {
    Latchkeyd.exit(withError: error)
}
