// SPDX-License-Identifier: Apache-2.0

package import LatchkeySystem

/// Who follows what the broker does, and answers its questions. It is used on several threads at once.
package protocol Interaction: Sendable {
    /// Says something on the way: one line, safe for a terminal.
    func note(_ message: String)

    /// Shows what a server says before a login: lines that are safe for a terminal, and must not be taken for Latchkey's own.
    func banner(_ lines: [String])

    /// Asks for a passphrase.
    ///
    /// - Returns: nil where there is no one to ask.
    /// - Throws: `cancelled`, `passphraseWrong` for one that is too long.
    func passphrase(_ question: String) throws -> Secret?

    /// Asks a question that is answered by yes or no.
    ///
    /// - Returns: nil where there is no one to ask.
    /// - Throws: `cancelled`.
    func confirm(_ question: String) throws -> Bool?
}
