// SPDX-License-Identifier: Apache-2.0

package import LatchkeyTransport

/// What can go wrong between this machine and an instance's sshd. All text in it is safe for a terminal.
package enum SSHError: Error, Equatable, Sendable {
    /// The name of the host is not known to the resolver.
    case unknownHost(String)
    /// No TCP connection came about; the system's words.
    case unreachable(String)
    /// The time given was over.
    case timedOut
    /// The server closed the connection before it identified itself; the last that it said, nil for nothing.
    case closedAtStart(String?)
    /// The server's identification has so many bytes, and this client takes 255 as RFC 4253 §4.2 has it.
    case identificationTooLong(Int)
    /// Something answers there, but not an SSH server that this client can talk to; libssh's words.
    case handshakeFailed(String)
    /// The server refused the key.
    case denied(methods: [String])
    /// The server closed the connection because of too many attempts, or said goodbye; its words.
    case disconnected(String)
    /// The server refused to start the shell or command, or to make a terminal for it.
    case requestRefused(String)
    /// The key could not or would not sign; an ssh-agent may ask the user first.
    case notSigned
    /// A file or socket operation failed; the system's words.
    case system(String)

    package init(_ failure: ServerPreamble.Failure) {
        self =
            switch failure {
            case .closed(let message): .closedAtStart(message)
            case .identificationTooLong(let count): .identificationTooLong(count)
            case .endless: .handshakeFailed("it sent a lot, but no SSH identification")
            case .timedOut: .timedOut
            case .system(let message): .system(message)
            }
    }

    /// No connection came about.
    package init(_ failure: DialFailure) {
        self =
            switch failure {
            case .unknownHost(let host): .unknownHost(host)
            case .unreachable(let message): .unreachable(message)
            case .timedOut: .timedOut
            case .system(let message): .system(message)
            }
    }
}
