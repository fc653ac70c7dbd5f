// SPDX-License-Identifier: Apache-2.0

internal import CLibSSH
internal import Glibc
package import LatchkeyKeys
package import LatchkeyModel

extension UnauthenticatedSession {
    /// Asks whether the server would accept this key, without a signature (RFC 4252 §7).
    ///
    /// - Returns: false if not, or if libssh does not know this kind of key. A refusal counts as a failed attempt at the
    ///   server, which may hang up after one (`MaxAuthTries`).
    /// - Throws: `disconnected` when the server closed the connection, `timedOut`.
    package borrowing func accepts(_ key: PublicKey) throws(SSHError) -> Bool {
        guard let key = LibsshPublicKey(key) else { return false }
        let code = session.retryUntilReady(again: SSH_AUTH_AGAIN.rawValue) {
            unsafe ssh_userauth_try_publickey(session.pointer, nil, key.pointer)
        }
        switch code {
        case SSH_AUTH_SUCCESS.rawValue: return true
        case SSH_AUTH_DENIED.rawValue, SSH_AUTH_PARTIAL.rawValue: return false
        default: throw failure(code)
        }
    }

    /// What came of offering a key.
    package enum Answer: ~Copyable {
        case loggedIn(Connection)
        /// The server does not know the key. It counts that as a failed attempt, but still listens.
        case unknown(UnauthenticatedSession)
        /// The server takes the key, and demands more besides (RFC 4252 §5.1, "partial success"): another key, or one of
        /// ``offeredMethods``.
        case partial(UnauthenticatedSession)
    }

    /// Offers one key: asks about it without a signature, and signs if the server says yes.
    ///
    /// - Throws: `denied` if the server knows the key and still refuses the login, `notSigned`, `disconnected` when it hung
    ///   up, `timedOut`, `system`.
    package consuming func login(offering signer: any Signer) throws(SSHError) -> Answer {
        // libssh leaves out keys of an agent that it does not know the kind of.
        let key = LibsshPublicKey(signer.publicKey)
        switch key {
        case .none: return .unknown(self)
        case .some: break
        }
        let agent = try InProcessSSHAgent(signer)
        defer { agent.retire() }
        try session.attach(agent)
        let code = session.retryUntilReady(again: SSH_AUTH_AGAIN.rawValue) {
            unsafe ssh_userauth_agent(session.pointer, nil)
        }
        switch code {
        case SSH_AUTH_SUCCESS.rawValue: return .loggedIn(Connection(session: session))
        case SSH_AUTH_DENIED.rawValue where !agent.wasAsked: return .unknown(self)
        case SSH_AUTH_DENIED.rawValue: throw .denied(methods: offeredMethods)
        case SSH_AUTH_PARTIAL.rawValue: return .partial(self)
        case SSH_AUTH_ERROR.rawValue where agent.wasAsked && isConnected: throw .notSigned
        default: throw failure(code)
        }
    }

    /// What the server said before the login (RFC 4252 §5.4), line by line and safe for a terminal.
    package borrowing func banner() -> [String] { session.banner }

    private borrowing func failure(_ code: Int32) -> SSHError {
        isConnected && code == SSH_AUTH_AGAIN.rawValue ? .timedOut : .disconnected(session.lastWords)
    }

    private var isConnected: Bool { unsafe ssh_is_connected(session.pointer) == 1 }

    /// Whether the server itself said goodbye (RFC 4253 §11.1), in distinction to a connection that broke.
    package static func isGoodbye(_ message: String) -> Bool { message.contains("SSH_MSG_DISCONNECT") }

    /// How the server lets this user log in (RFC 4252 §5.1), known after a first refusal; empty before.
    package var offeredMethods: [String] {
        let methods = UInt32(bitPattern: unsafe ssh_userauth_list(session.pointer, nil))
        let names = [
            (SSH_AUTH_METHOD_PUBLICKEY, "publickey"), (SSH_AUTH_METHOD_PASSWORD, "password"),
            (SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive"), (SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi"),
        ]
        return names.filter { methods & UInt32($0.0) != 0 }.map(\.1)
    }
}
