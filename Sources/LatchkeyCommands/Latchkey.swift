// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeyModel
internal import LatchkeyTerminal

/// The root of the commands.
struct Latchkey: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "latchkey",
        abstract: "Opens a shell on an instance by its name.",
        discussion: """
            latchkey connect web-1                a shell
            latchkey connect web-1 -- uptime      one command; its exit status is yours
            latchkey explain web-1                which key, which road, and why
            """,
        version: version,
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(name: "Connection", subcommands: [Connect.self, Explain.self, SessionCommand.self]),
            CommandGroup(
                name: "Upkeep",
                subcommands: [InstanceCommand.self, KeyCommand.self, Doctor.self]
            ),
        ]
    )
}

/// The `latchkey` program.
package enum Program {
    /// Runs what this process's arguments ask for and ends the process with the right status.
    package static func run() -> Never {
        settleSurroundings()
        let arguments = Array(CommandLine.arguments.dropFirst())
        // Asked for by every script that checks what is installed; the parser takes longer than the answer.
        if arguments == ["--version"] {
            Output.print(Latchkey.version)
            exit(0)
        }
        do {
            var command = try Latchkey.parseAsRoot(arguments)
            try command.run()
            leave(0)
        } catch {
            leave(Failure.report(error))
        }
    }

    private static func leave(_ status: Int32) -> Never {
        // OpenSSL tidies up when a process exits, under the feet of any thread that still uses it, as one that looks for a
        // lost relay.
        if Threads.areRunning {
            Terminal.restore()
            fflush(nil)
            _exit(status)
        }
        exit(status)
    }

    /// Makes sure of what every program takes for granted and a careless parent may not provide.
    private static func settleSurroundings() {
        // A standard stream that is closed would become whatever is opened next: the connection, say, on which the
        // command's output would then go out as it is.
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)
        }
        // libssh and OpenSSL hold private keys in memory of their own, which a core file would show.
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
}
