// SPDX-License-Identifier: Apache-2.0

internal import CLibSSH
package import LatchkeyTerminal

/// A session with a user logged in.
package struct Connection: ~Copyable {
    let session: Session

    /// What the server said before the login (RFC 4252 §5.4), line by line and safe for a terminal.
    package borrowing func banner() -> [String] { session.banner }

    /// What to start on the instance.
    package struct Request: Sendable {
        /// The line for the user's shell; nil for a login shell.
        package var command: String?
        /// The terminal to make there; nil for none.
        package var terminal: PseudoTerminal?
        /// Variables to set, as far as the server lets them (`AcceptEnv`).
        package var environment: [(name: String, value: String)] = []

        package init() {}
    }

    package struct PseudoTerminal: Sendable {
        package let type: String
        package let size: TerminalSize

        package init(type: String, size: TerminalSize) {
            self.type = type
            self.size = size
        }
    }

    /// Starts a shell or command in a channel of its own, one after the other or several at once. The connection ends with
    /// the last of its channels, and its owner.
    ///
    /// - Throws: `requestRefused` naming what was refused, `timedOut`, `disconnected`.
    package borrowing func start(_ request: Request) throws(SSHError) -> RemoteChannel {
        var channel = try RemoteChannel(in: session)
        try channel.start(request)
        return channel
    }
}
