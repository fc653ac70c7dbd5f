// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeySystem
internal import LatchkeyTerminal

/// The person at this process's terminal: messages go to standard error, questions to the terminal itself.
struct TerminalInteraction: Interaction {
    func note(_ message: String) { Console.note("latchkey: \(message)") }

    func banner(_ lines: [String]) { for line in lines { Console.note("| \(line)") } }

    func passphrase(_ question: String) throws -> Secret? {
        guard let prompt = Prompt() else { return nil }
        return try prompt.passphrase(question)
    }

    func confirm(_ question: String) throws -> Bool? {
        guard Terminal.isInteractive, let prompt = Prompt() else { return nil }
        return try prompt.confirm(question)
    }
}
