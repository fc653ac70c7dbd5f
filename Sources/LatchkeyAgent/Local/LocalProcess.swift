// SPDX-License-Identifier: Apache-2.0

internal import CProcess
internal import Glibc

/// A program that runs on this machine for a session, in a session of its own, with a pseudo-terminal or three pipes.
///
/// Nothing here waits, apart from starting. The owner polls the descriptors, which stay this value's: ``inputDescriptor``
/// for writing, ``outputDescriptor`` and ``errorDescriptor`` for reading, and ``exitDescriptor`` for reading, after which
/// it asks ``ending()``. One thread at a time.
///
/// A process in the background may hold the terminal or the pipes open after the program itself has ended. What it still
/// says within ``Specification/drainTime`` of the end is delivered, then a stream is ended.
///
/// When the value goes, a program that still runs is hung up on (SIGHUP, then SIGCONT, so that a stopped one hears it),
/// and killed if it has not ended three seconds later. What it left in the background is its own affair, as with sshd.
package struct LocalProcess: ~Copyable {
    /// Its process id, which is also that of its group and session.
    package let identifier: Int32
    let hasTerminal: Bool
    let drainTime: Int64?
    var input: Int32
    var output: LocalOutput
    var error: LocalOutput
    var exit: ExitDescriptor
    var end: (how: Ending, at: Int64)?
    /// The last byte of input, since a terminal's EOF character means the end only at the start of a line.
    var lastInput: UInt8?

    /// How the program ended.
    package enum Ending: Equatable, Sendable {
        case exited(Int32)
        /// The number of the signal that ended it.
        case signalled(Int32)
    }

    /// Starts the program and waits until it has begun or failed to.
    ///
    /// SIGPIPE is ignored in this process from then on, unless it is handled; the program gets the default back.
    package init(_ specification: Specification) throws(LocalProcessError) {
        try self.init(specification, usesProcessDescriptor: true)
    }

    /// As ``init(_:)``, also as it is on a kernel without process descriptors.
    init(_ specification: Specification, usesProcessDescriptor: Bool) throws(LocalProcessError) {
        try specification.check()
        _ = Self.ignoringBrokenPipes
        var spawned = lk_spawned()
        guard specification.withRequest({ lk_spawn($0, &spawned) }) == 0 else {
            let number = errno
            throw .notStarted(LocalProcessError.Step(spawned.step), number, specification.executable)
        }
        if !usesProcessDescriptor && spawned.process_descriptor >= 0 {
            close(spawned.process_descriptor)
            spawned.process_descriptor = -1
        }
        hasTerminal = spawned.terminal >= 0
        drainTime = specification.drainTime
        identifier = spawned.process
        input = hasTerminal ? spawned.terminal : spawned.input
        output = LocalOutput(hasTerminal ? spawned.terminal : spawned.output)
        error = LocalOutput(spawned.error)
        exit = ExitDescriptor(spawned.process_descriptor)
    }

    deinit {
        if end == nil { hangUp() }
        if input >= 0 { close(input) }
        if !hasTerminal { output.close() }
        error.close()
        exit.close()
    }

    private static let ignoringBrokenPipes: Void = {
        var action = sigaction()
        guard sigaction(SIGPIPE, nil, &action) == 0, action.__sigaction_handler.sa_handler == nil else { return }
        _ = Glibc.signal(SIGPIPE, SIG_IGN)
    }()
}
