// SPDX-License-Identifier: Apache-2.0

internal import CTerminal
internal import Glibc

/// Signals that wait at a descriptor instead of interrupting. They stay blocked until the process ends.
package struct Signals: ~Copyable {
    package let descriptor: Int32

    /// - Returns: nil if the system has no descriptor left.
    package init?(_ numbers: [Int32]) {
        descriptor = lk_signals_open(numbers, Int32(numbers.count))
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// That one has arrived.
    package var interest: PollSet.Interest { .readable(descriptor) }

    /// The next signal that arrived, or nil.
    package func next() -> Int32? {
        let number = lk_signals_next(descriptor)
        return number == 0 ? nil : number
    }

    /// Ends this process by a signal, so that the shell that started it sees the true cause.
    package static func die(by number: Int32) -> Never { lk_die_by_signal(number) }

    /// The number of a signal that SSH or a relay names without `SIG` (RFC 4254 §6.10), for example 15 for `TERM`.
    package static func number(named name: String) -> Int32? {
        let numbers: [String: Int32] = [
            "ABRT": SIGABRT, "ALRM": SIGALRM, "FPE": SIGFPE, "HUP": SIGHUP, "ILL": SIGILL, "INT": SIGINT,
            "KILL": SIGKILL, "PIPE": SIGPIPE, "QUIT": SIGQUIT, "SEGV": SIGSEGV, "TERM": SIGTERM, "USR1": SIGUSR1,
            "USR2": SIGUSR2, "BUS": SIGBUS, "TRAP": SIGTRAP, "XCPU": SIGXCPU, "XFSZ": SIGXFSZ, "SYS": SIGSYS,
        ]
        return numbers[name]
    }
}
