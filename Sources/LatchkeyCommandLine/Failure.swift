// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
package import LatchkeyModel

/// How a failure is told and which status it ends the process with.
package enum Failure {
    /// EX_USAGE of <sysexits.h>.
    package static let usage: Int32 = 64

    /// A `LatchkeyError` on its way out of a command, with what that command knows.
    package struct Reported: Error {
        package let error: LatchkeyError
        package let status: Int32
        package let showsCause: Bool

        package init(error: LatchkeyError, status: Int32, showsCause: Bool) {
            self.error = error
            self.status = status
            self.showsCause = showsCause
        }
    }

    /// Says what went wrong and returns the status for it. Help and completions come this way too, with status 0.
    ///
    /// - Parameter root: the command that the arguments were read for.
    package static func report<Root: ParsableCommand>(_ error: any Error, of root: Root.Type) -> Int32 {
        let program = Invocation.name(of: root)
        if let reported = error as? Reported {
            Console.report(reported.error, showsCause: reported.showsCause, program: program)
            return reported.status
        }
        if let error = error as? LatchkeyError {
            Console.report(error, program: program)
            return status(of: error, own: 1)
        }
        if let code = error as? ExitCode { return code.rawValue }
        let code = root.exitCode(for: error)
        if code.isSuccess {
            let text = CompletedCommands.mended(root.fullMessage(for: error), program)
            do throws(LatchkeyError) { try Output.write(text) } catch {
                Console.report(error, program: program)
                return 1
            }
            return 0
        }
        guard code == .validationFailure else {
            // Not the parser's and not ours: told as it is, and not as a mistake in the call.
            Console.report(LatchkeyError(.fileUnusable, "\(error)".terminalSafe), program: program)
            return 1
        }
        let message = lowered(root.message(for: error))
        Console.report(LatchkeyError(.usage, message, hint: help(root, error, program)), program: program)
        return Failure.usage
    }

    /// - Parameter own: the status for what is not a mistake in the call.
    package static func status(of error: LatchkeyError, own: Int32) -> Int32 {
        switch error.code {
        case .usage, .nameInvalid: usage
        case .instanceNotFound, .instanceAmbiguous, .instanceExists, .instanceNotRunning, .instanceUnreachable,
            .keyNotFound, .keyExists, .keyUnusable, .accessKeyNotFound, .activationInvalid, .activationExpired,
            .activationExhausted, .noKeyFits, .passphraseWrong, .passphraseUnavailable,
            .hostKeyUnknown, .hostKeyChanged, .loginRefused, .userRefused, .loginIncomplete, .requestRefused,
            .passwordNotReady, .connectionLost,
            .credentialsUnavailable, .controlPlaneUnreachable, .relayUnreachable, .agentNotConnected,
            .sessionNotFound,
            .storeUnavailable, .storeBusy,
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
        // The name of a variable stays as it is.
        if trimmed.dropFirst().first?.isUppercase == true { return trimmed.terminalSafe }
        return (trimmed.prefix(1).lowercased() + trimmed.dropFirst()).terminalSafe
    }

    /// `latchkey connect --help shows how it is used`, for the command that the error came from.
    private static func help(_ root: (some ParsableCommand).Type, _ error: any Error, _ program: String) -> String {
        let line = root.fullMessage(for: error).split(separator: "\n").last { $0.contains("--help'") }
        guard let line, let start = line.firstIndex(of: "'"), let end = line.lastIndex(of: "'"), start < end else {
            return "\(program) --help shows how it is used"
        }
        return "\(line[line.index(after: start)..<end]) shows how it is used"
    }
}
