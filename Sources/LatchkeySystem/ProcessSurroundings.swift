// SPDX-License-Identifier: Apache-2.0

internal import CTerminal
internal import Glibc

/// What surrounds a program when it begins.
package enum ProcessSurroundings {
    /// Makes sure of what every program takes for granted and a careless parent may not provide.
    package static func hardenProcess() {
        // A standard stream that is closed would become whatever is opened next: the connection, say, on which the
        // command's output would then go out as it is.
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)
        }
        // Keys, access keys, and what people type are in memory, in that of libssh and OpenSSL too, which a core file would
        // show.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        // A backtrace of Swift's runtime shows what the registers point at, which may be a piece of a key. Who develops and
        // wants one sets SWIFT_BACKTRACE.
        if Environment.value("SWIFT_BACKTRACE") == nil {
            for crash in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE] { signal(crash, SIG_DFL) }
        }
        // Swift's runtime takes SIGQUIT for a crash and shows a backtrace; here it is a key that people press.
        let before = signal(SIGQUIT, SIG_DFL)
        if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(SIGQUIT, SIG_IGN) }
    }

    /// Ends the process, also where threads are still at work: OpenSSL tidies up when a process exits, under the feet of any
    /// thread that still uses it, as one that looks for a lost relay.
    package static func end(_ status: Int32) -> Never {
        guard Threads.areRunning else { exit(status) }
        _ = lk_terminal_restore()
        fflush(nil)
        _exit(status)
    }
}
