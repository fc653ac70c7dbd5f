// SPDX-License-Identifier: Apache-2.0

/// An ssh-agent that cannot be reached, or does not answer as one.
package struct SSHAgentError: Error, Equatable, Sendable {
    /// Safe for a terminal.
    package let message: String

    init(_ message: String) { self.message = message }
}
