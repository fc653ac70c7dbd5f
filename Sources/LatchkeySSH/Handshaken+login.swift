// SPDX-License-Identifier: Apache-2.0

internal import CLibSSH
internal import Glibc
package import LatchkeyModel

extension Handshaken {
    /// Asks whether the server would accept this key, without a signature (RFC 4252 §7).
    ///
    /// - Returns: false if not, or if libssh does not know this kind of key. A refusal counts as a failed attempt at the
    ///   server, which may hang up after one (`MaxAuthTries`).
    /// - Throws: `disconnected` when the server hung up, `timedOut`.
    package borrowing func accepts(_ key: PublicKey) throws(SSHError) -> Bool {
        guard let key = LibsshPublicKey(key) else { return false }
        return try result { unsafe ssh_userauth_try_publickey(session.pointer, nil, key.pointer) }
    }

    /// Logs in with a private key.
    ///
    /// - Throws: `denied`, `disconnected`, `timedOut`.
    package consuming func login(with key: borrowing PrivateKey) throws(SSHError) -> Connection {
        guard try result({ unsafe ssh_userauth_publickey(session.pointer, nil, key.pointer) }) else { throw denial }
        return Connection(session: session)
    }

    /// Logs in with the one key of the ssh-agent that is named; its other keys are not offered.
    ///
    /// - Throws: `denied`, `disconnected`, `timedOut`, `system` if the agent does not answer.
    package consuming func login(withAgentKey key: PublicKey, at agent: AgentAddress) throws(SSHError) -> Connection {
        let filter = try AgentFilter(agent: agent, only: key)
        session.agentFilter = filter
        // libssh closes the descriptor that it is given.
        guard unsafe ssh_set_agent_socket(session.pointer, filter.takeClientEnd()) == SSH_OK else {
            throw .system(session.lastWords)
        }
        guard try result({ unsafe ssh_userauth_agent(session.pointer, nil) }) else { throw denial }
        return Connection(session: session)
    }

    /// What the server said before the login (RFC 4252 §5.4), line by line and safe for a terminal.
    package borrowing func banner() -> [String] {
        guard let text = unsafe ssh_get_issue_banner(session.pointer) else { return [] }
        defer { unsafe ssh_string_free_char(text) }
        let lines = unsafe String(cString: text).split(omittingEmptySubsequences: false) { $0.isNewline }
        return lines.prefix(100).map { String($0).terminalSafe }
    }

    private borrowing func result(_ step: () -> Int32) throws(SSHError) -> Bool {
        let code = session.settle(again: SSH_AUTH_AGAIN.rawValue, step)
        if code == SSH_AUTH_SUCCESS.rawValue { return true }
        if code == SSH_AUTH_DENIED.rawValue || code == SSH_AUTH_PARTIAL.rawValue { return false }
        if unsafe ssh_is_connected(session.pointer) == 1 && code == SSH_AUTH_AGAIN.rawValue { throw .timedOut }
        throw .disconnected(session.lastWords)
    }

    /// Whether the server itself said goodbye (RFC 4253 §11.1), in distinction to a connection that broke.
    package static func isGoodbye(_ words: String) -> Bool { words.contains("SSH_MSG_DISCONNECT") }

    private var denial: SSHError { .denied(methods: offeredMethods) }

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
