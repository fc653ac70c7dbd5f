// SPDX-License-Identifier: Apache-2.0

internal import CTerminal
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// A program that is run for what it prints, in a process group of its own: so all that it starts can be ended with it. As a
/// shell does with a job, it is given the terminal for as long as it runs, where this process has it, since it may ask a person
/// something there.
struct HelperProcess: ~Copyable {
    enum Outcome {
        /// With 128 and the signal's number where one ended it, and the beginning of what it said on its standard error.
        case ended(status: Int32, error: String)
        case tooMuch
        case tooLate
    }

    struct StartFailure: Error {
        /// The system's.
        let message: String

        init(_ number: Int32) { message = SystemError(number).message }
    }

    /// Milliseconds between SIGTERM, which lets it tidy up, and SIGKILL.
    private static let grace: Int64 = 2000
    /// Milliseconds for what is still in its pipes once it has ended: others may hold these open for ever.
    private static let drainTime: Int64 = 1000
    /// Milliseconds between two looks at whether it has ended or was stopped, of which no descriptor tells.
    private static let tick: Int64 = 100
    private static let errorLimit = 4096

    private let identifier: pid_t
    private let (outputEnd, errorEnd): (Int32, Int32)
    private var terminal: ControllingTerminal
    /// As waitpid tells it; nil until it has ended.
    private var ending: Int32?

    /// Starts it, with empty standard input.
    init(_ program: String, _ words: [String]) throws(StartFailure) {
        var (outputs, errors): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard pipe(&outputs) == 0, pipe(&errors) == 0 else {
            let failure = StartFailure(errno)
            for end in outputs + errors where end >= 0 { close(end) }
            throw failure
        }
        for end in outputs + errors { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var terminal = ControllingTerminal()
        let started = HelperProcess.spawn(program, words, outputs[1], errors[1], &terminal)
        for end in [outputs[1], errors[1]] { close(end) }
        guard case .success(let child) = started else {
            for end in [outputs[0], errors[0]] { close(end) }
            if case .failure(let failure) = started { throw failure }
            throw StartFailure(ECHILD)
        }
        identifier = child
        self.terminal = terminal
        (outputEnd, errorEnd) = (outputs[0], errors[0])
    }

    deinit { for end in [outputEnd, errorEnd] { close(end) } }

    private static func spawn(
        _ program: String,
        _ words: [String],
        _ output: Int32,
        _ error: Int32,
        _ terminal: inout ControllingTerminal
    ) -> Result<pid_t, StartFailure> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, error, 2)
        terminal.giveToChild(&actions)
        // As botocore starts it: what this process was given stays its own. The terminal has to be given before.
        lk_spawn_close_from(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A program that others write into must meet the default of SIGPIPE, which this process ignores.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        // Threads of this process may take no signals; what is started by one would inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let number = posix_spawnp(&child, program, &actions, &attributes, &arguments, environ)
        terminal.wasGiven(to: number == 0 ? child : nil)
        return number == 0 ? .success(child) : .failure(StartFailure(number))
    }

    /// Reads what it prints until it has ended; if that takes too long or is too much, it is ended with all that it started.
    ///
    /// - Parameters:
    ///   - output: takes its standard output, as much as there is room.
    ///   - timeout: milliseconds.
    mutating func collect(_ output: inout Secret, timeout: Int64) -> Outcome {
        let outcome = read(&output, until: SystemClock.milliseconds() + timeout)
        if ending == nil { end() }
        terminal.takeBack()
        // Ctrl-C is meant for this program, too.
        if case .ended(128 + SIGINT, _) = outcome { terminal.interruptTogether() }
        return outcome
    }

    private mutating func read(_ output: inout Secret, until deadline: Int64) -> Outcome {
        var error: [UInt8] = []
        var (outputIsOpen, errorIsOpen) = (true, true)
        var waits = PollSet()
        var end: Int64?
        while true {
            let now = SystemClock.milliseconds()
            let isOpen = outputIsOpen || errorIsOpen
            if let ending, let end, !isOpen || now >= end + HelperProcess.drainTime {
                return .ended(status: HelperProcess.status(ending), error: String(decoding: error, as: UTF8.self))
            }
            guard now < deadline else { return .tooLate }
            let pause = isOpen ? HelperProcess.tick : HelperProcess.tick / 10
            waits.removeAll()
            let outputPlace = waits.add(outputIsOpen ? .readable(outputEnd) : nil)
            let errorPlace = waits.add(errorIsOpen ? .readable(errorEnd) : nil)
            waits.wake(at: min(now + pause, deadline))
            waits.wait()
            if waits.isReady(outputPlace) {
                guard output.count < output.capacity else { return .tooMuch }
                let count = output.fill { Glibc.read(outputEnd, $0.baseAddress, $0.count) }
                if count == 0 || (count < 0 && errno != EINTR) { outputIsOpen = false }
            }
            if waits.isReady(errorPlace) {
                var chunk = [UInt8](repeating: 0, count: 4096)
                let count = Glibc.read(errorEnd, &chunk, chunk.count)
                if count == 0 || (count < 0 && errno != EINTR) { errorIsOpen = false }
                error += chunk.prefix(max(0, min(count, HelperProcess.errorLimit - error.count)))
            }
            refresh()
            if ending != nil, end == nil { end = SystemClock.milliseconds() }
        }
    }

    /// Takes note of what became of it: it has ended, or the terminal's keys or its want of the terminal have stopped it.
    private mutating func refresh() {
        guard ending == nil else { return }
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG | WUNTRACED) == identifier else { return }
        // WIFSTOPPED and WSTOPSIG of <sys/wait.h>, which are macros.
        guard status & 0xFF == 0x7F else { return ending = status }
        guard terminal.stopTogether(by: status >> 8 & 0xFF) else { return }
        terminal.give(to: identifier)
        kill(-identifier, SIGCONT)
    }

    /// WIFEXITED, WEXITSTATUS and WTERMSIG of <sys/wait.h>.
    private static func status(_ ending: Int32) -> Int32 {
        ending & 0x7F == 0 ? (ending >> 8) & 0xFF : 128 + (ending & 0x7F)
    }

    /// Ends it and what it started. What cannot even be killed, for it waits for a device, is left behind.
    private mutating func end() {
        kill(-identifier, SIGTERM)
        // What is stopped gets no signal before it goes on.
        kill(-identifier, SIGCONT)
        waitForEnd(HelperProcess.grace)
        kill(-identifier, SIGKILL)
        waitForEnd(HelperProcess.grace)
    }

    private mutating func waitForEnd(_ milliseconds: Int64) {
        let deadline = SystemClock.milliseconds() + milliseconds
        while ending == nil, SystemClock.milliseconds() < deadline {
            var status: Int32 = 0
            if waitpid(identifier, &status, WNOHANG) == identifier { ending = status } else { usleep(10_000) }
        }
    }
}
