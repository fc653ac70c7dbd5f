// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// Joins a process on an instance to this process's standard input, output and error, until it ends.
///
/// One thread, one `poll`. No side waits for another: a full output holds back only what flows into it, so a program
/// that feeds the input and reads the output in turn never meets a deadlock.
package struct Bridge: ~Copyable {
    /// How the bridge came down.
    package enum Outcome: Equatable {
        case ended(RemoteEnding)
        /// The user typed `~.`.
        case disconnected
        /// This process was asked to end; the terminal is set back, the caller ends by this signal.
        case signalled(Int32)
    }

    package struct Options: Sendable {
        /// The terminal to make raw, with escapes (`~.`) and size changes; nil where the process has no terminal.
        package var terminal: Terminal?
        /// False to give the process an empty input, as `ssh -n` does.
        package var forwardsInput = true
        /// Seconds of silence after which a sign of life is asked for.
        package var probeInterval = 15
        /// So many questions unanswered, and the peer is taken for dead.
        package var probeLimit = 3

        package init() {}
    }

    private let options: Options
    private let signals: Signals
    private var output: OutputLane
    private var error: OutputLane
    private var input = InputBuffer()
    private var escapes = EscapeFilter()
    private var silence: SilenceWatch
    private var waits = PollSet()

    /// - Parameters:
    ///   - output: where the process's output goes.
    ///   - error: where its standard error goes.
    package init(_ options: Options, output: Int32 = STDOUT_FILENO, error: Int32 = STDERR_FILENO) throws {
        self.options = options
        silence = SilenceWatch(interval: options.probeInterval, limit: options.probeLimit)
        self.output = OutputLane(.output, output, isTerminal: options.terminal != nil && isatty(output) == 1)
        self.error = OutputLane(.error, error)
        guard let signals = Signals([SIGWINCH, SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT]) else {
            throw LatchkeyError(.fileUnusable, "no file descriptor is left", hint: "raise the limit: ulimit -n")
        }
        self.signals = signals
    }

    /// Runs until the process ends or a reason to leave comes up. The terminal is set back in every case.
    ///
    /// - Throws: `LatchkeyError.connectionLost` when the peer is silent for too long, `storageFull` or `fileUnusable`
    ///   when an output cannot be written, and what `process` throws.
    package mutating func run<Process: RemoteProcess & ~Copyable>(_ process: inout Process) throws -> Outcome {
        let oldAction = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, oldAction) }
        if let terminal = options.terminal { try terminal.makeRaw() }
        defer {
            output.setBackModes()
            if options.terminal != nil { Terminal.restore() }
        }
        input.isOpen = options.forwardsInput

        while true {
            try process.advance()
            if let notice = process.takeNotice() { show(notice) }
            if let outcome = try output.move(from: &process) ?? error.move(from: &process) { return outcome }
            try input.move(into: &process)
            if let ending = process.ending, output.isDrained, error.isDrained { return .ended(ending) }
            if let outcome = try wait(for: &process) { return outcome }
        }
    }

    /// Waits for something to do, and does what concerns this side. Returns an outcome to leave with, or nil.
    private mutating func wait<Process: RemoteProcess & ~Copyable>(for process: inout Process) throws -> Outcome? {
        // Once the process has ended, only what it printed is still on its way.
        let isOver = process.ending != nil
        waits.removeAll()
        let remote = waits.add(isOver ? nil : process.interest(writes: !input.isEmpty))
        let signalled = waits.add(signals.interest)
        let typed = waits.add(input.wantsMore && !isOver ? .readable(STDIN_FILENO) : nil)
        waits.add(output.isEmpty ? nil : .writable(output.pollDescriptor))
        waits.add(error.isEmpty ? nil : .writable(error.pollDescriptor))
        if isOver {
            if output.isEmpty && error.isEmpty { waits.wake(after: 0) }
        } else if output.mayHaveMore || error.mayHaveMore {
            waits.wake(after: 0)
        } else {
            waits.wake(after: process.waitTime.map(Int64.init))
            waits.wake(after: Int64(silence.waitTime))
        }
        let number = waits.wait()
        if number != 0 { throw Bridge.waitFailure(number) }

        if process.isAway {
            // There is no connection to hear from, or it is not read for want of room.
            silence.heard()
        } else if waits.isReady(remote) {
            if waits.events(at: remote).contains(.readable) { silence.heard() }
        } else if !isOver {
            switch silence.check() {
            case .waiting: break
            case .ask: try process.probe()
            case .gone(let seconds):
                try process.abandonConnection(silentFor: seconds)
                return nil
            }
        }
        if waits.isReady(signalled), let outcome = try handleSignals(&process) { return outcome }
        if waits.isReady(typed), let outcome = try readInput(&process) { return outcome }
        return nil
    }

    /// A line of Latchkey's own among what the process prints.
    private mutating func show(_ notice: String) {
        // In a raw terminal a line feed alone stays in its column, and the cursor may be anywhere.
        let line = options.terminal == nil ? "latchkey: \(notice)\n" : "\r\nlatchkey: \(notice)\r\n"
        error.append(Array(line.utf8))
    }

    private mutating func handleSignals<Process: RemoteProcess & ~Copyable>(
        _ process: inout Process
    ) throws -> Outcome? {
        while let number = signals.next() {
            switch number {
            case SIGWINCH:
                if let terminal = options.terminal { try process.resize(to: terminal.size) }
            case SIGCONT:
                try resume(&process)
            default:
                // Without this the command would go on, alone, on the instance.
                let name = [SIGTERM: "TERM", SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT"][number]
                if let name, options.terminal == nil {
                    try? process.send(signal: name)
                    try? process.advance()
                }
                return .signalled(number)
            }
        }
        return nil
    }

    /// Takes the terminal again after the process was stopped: the shell has used it meanwhile.
    private func resume<Process: RemoteProcess & ~Copyable>(_ process: inout Process) throws {
        guard let terminal = options.terminal else { return }
        Terminal.restore()
        try terminal.makeRaw()
        try process.resize(to: terminal.size)
    }

    private mutating func readInput<Process: RemoteProcess & ~Copyable>(
        _ process: inout Process
    ) throws -> Outcome? {
        guard let bytes = try input.read() else { return nil }
        guard options.terminal != nil else {
            input.append(bytes)
            return nil
        }
        for action in escapes.process(bytes) {
            switch action {
            case .send(let bytes): input.append(bytes)
            case .disconnect: return .disconnected
            case .help: error.append(Array(EscapeFilter.helpText.utf8))
            case .suspend:
                Terminal.restore()
                kill(getpid(), SIGTSTP)
                try resume(&process)
            }
        }
        return nil
    }

    private static func waitFailure(_ number: Int32) -> LatchkeyError {
        LatchkeyError(.fileUnusable, "cannot wait for input: \(SystemError(number).message)")
    }
}
