// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeyModel
internal import LatchkeyTerminal

/// How a failure is told and which status it ends the process with.
enum Failure {
    /// `connect`'s own failures, apart from those of the command that it runs; as ssh(1).
    static let ownFailure: Int32 = 255
    /// EX_USAGE of <sysexits.h>.
    static let usage: Int32 = 64

    /// A `LatchkeyError` on its way out of a command, with what that command knows.
    struct Reported: Error {
        let error: LatchkeyError
        let status: Int32
        let showsCause: Bool
    }

    /// Says what went wrong and returns the status for it. Help and completions come this way too, with status 0.
    static func report(_ error: any Error) -> Int32 {
        if let reported = error as? Reported {
            Console.report(reported.error, showsCause: reported.showsCause)
            return reported.status
        }
        if let error = error as? LatchkeyError {
            Console.report(error)
            return status(of: error, own: 1)
        }
        if let code = error as? ExitCode { return code.rawValue }
        let code = Latchkey.exitCode(for: error)
        if code.isSuccess {
            Output.print(Latchkey.fullMessage(for: error), newline: true)
            return 0
        }
        guard code == .validationFailure else {
            // Not the parser's and not ours: told as it is, and not as a mistake in the call.
            Console.report(LatchkeyError(.fileUnusable, "\(error)".terminalSafe))
            return 1
        }
        let message = lowered(Latchkey.message(for: error))
        let usage = Latchkey.usageString(for: error)
        let isStrayWord = message.hasPrefix("unexpected argument") && usage.hasPrefix("latchkey connect")
        Console.note("latchkey: error: \(message)")
        Console.note(
            "latchkey: hint: \(isStrayWord ? "a command goes behind --: latchkey connect NAME -- COMMAND" : usage)"
        )
        return Failure.usage
    }

    /// Ends this process as what ran on the instance ended.
    ///
    /// - Throws: the status, if it is not 0.
    static func pass(on outcome: Broker.RunOutcome) throws {
        switch outcome {
        case .exited(0): return
        case .exited(let status): throw ExitCode(status)
        case .disconnected:
            Console.note("latchkey: disconnected")
            throw ExitCode(ownFailure)
        case .signalled(let number): Signals.die(by: number)
        }
    }

    /// - Parameter own: the status for what is not a mistake in the call.
    static func status(of error: LatchkeyError, own: Int32) -> Int32 {
        switch error.code {
        case .usage, .nameInvalid: usage
        case .instanceNotFound, .instanceAmbiguous, .instanceExists, .instanceNotRunning, .instanceUnreachable,
            .keyNotFound, .keyExists, .keyUnusable, .accessKeyNotFound, .activationInvalid, .activationExpired,
            .activationExhausted, .noKeyFits, .passphraseWrong, .passphraseUnavailable,
            .hostKeyUnknown, .hostKeyChanged, .loginRefused, .requestRefused, .passwordNotReady, .connectionLost,
            .relayUnreachable, .agentNotConnected,
            .sessionNotFound,
            .storeUnavailable,
            .storeDamaged, .storeNewer, .storageFull, .fileUnusable, .configurationInvalid, .cancelled:
            own
        }
    }

    /// The parser's words in ours: no capital, no full stop, one line, safe for a terminal.
    private static func lowered(_ message: String) -> String {
        // Some of its messages end with a list of what is possible, an item a line.
        let lines = message.split(separator: "\n")
        let first = lines.first.map(String.init) ?? "the arguments are not understood"
        let items = lines.dropFirst().map { $0.drop { " -".contains($0) } }
        let line = first.hasSuffix(":") ? "\(first) \(items.joined(separator: ", "))" : first
        let trimmed = line.hasSuffix(".") ? String(line.dropLast()) : line
        return (trimmed.prefix(1).lowercased() + trimmed.dropFirst()).terminalSafe
    }
}

extension Latchkey {
    /// `see latchkey connect --help`, for the command that the error came from.
    static func usageString(for error: any Error) -> String {
        let usage = fullMessage(for: error).split(separator: "\n").last { $0.contains("--help'") }
        guard let usage, let start = usage.firstIndex(of: "'"), let end = usage.lastIndex(of: "'"), start < end else {
            return "latchkey --help shows how it is used"
        }
        return "\(usage[usage.index(after: start)..<end]) shows how it is used"
    }
}
