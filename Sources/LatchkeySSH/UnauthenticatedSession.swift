// SPDX-License-Identifier: Apache-2.0

internal import CLibSSH
internal import Glibc
package import LatchkeyModel
package import LatchkeyTransport

/// A session whose keys are exchanged: the server has proved that it holds ``hostKey``, no user is logged in yet.
package struct UnauthenticatedSession: ~Copyable {
    let session: Session
    package let hostKey: PublicKey
    /// The server's identification line (RFC 4253 §4.2), safe for a terminal.
    package let serverVersion: String

    /// Offered in this order. Left out: SHA-1 signatures (`ssh-rsa`), DSA.
    private static let hostKeyAlgorithms = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512",
        "rsa-sha2-256",
    ]
    /// AES-GCM first: the fastest on machines with AES instructions, and not touched by CVE-2023-48795.
    private static let ciphers =
        "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr"

    /// Exchanges keys over a connected socket, which the session takes.
    ///
    /// - Parameters:
    ///   - preferring: algorithms of the host keys that are known, to be asked for first.
    ///   - timeout: seconds for each of libssh's steps.
    /// - Throws: `handshakeFailed`, `closedAtStart`, `identificationTooLong`, `timedOut`.
    package init(
        over socket: consuming Dialer.Socket,
        user: String,
        preferring known: [PublicKey],
        timeout: Int
    ) throws(SSHError) {
        do throws(ServerPreamble.Failure) {
            try ServerPreamble.skip(on: socket.descriptor, timeout: timeout * 1000)
        } catch {
            throw SSHError(error)
        }
        let session = try Session.make()
        // Nothing that stands in a file decides here; options are set before the user name is expanded.
        try session.set(SSH_OPTIONS_PROCESS_CONFIG, number: false)
        try session.set(SSH_OPTIONS_HOST, "instance")
        try session.set(SSH_OPTIONS_USER, user)
        try session.set(SSH_OPTIONS_TIMEOUT, number: timeout)
        try session.set(SSH_OPTIONS_CIPHERS_C_S, UnauthenticatedSession.ciphers)
        try session.set(SSH_OPTIONS_CIPHERS_S_C, UnauthenticatedSession.ciphers)
        try session.set(SSH_OPTIONS_HOSTKEYS, UnauthenticatedSession.order(preferring: known).joined(separator: ","))
        try session.set(SSH_OPTIONS_RSA_MIN_SIZE, number: Int32(1024))
        try session.set(SSH_OPTIONS_FD, number: socket.release())

        guard unsafe ssh_connect(session.pointer) == SSH_OK else {
            let message = session.lastWords
            throw message.contains("imeout") ? .timedOut : .handshakeFailed(message)
        }
        var key: ssh_key?
        defer { unsafe ssh_key_free(key) }
        guard unsafe ssh_get_server_publickey(session.pointer, &key) == SSH_OK, let key = unsafe key,
            let hostKey = unsafe PublicKey(key)
        else { throw .handshakeFailed("the server's host key cannot be read") }
        session.stepLimit = timeout
        self.hostKey = hostKey
        serverVersion =
            unsafe ssh_get_serverbanner(session.pointer).map { unsafe String(cString: $0).terminalSafe } ?? ""
        self.session = session
    }

    static func order(preferring known: [PublicKey]) -> [String] {
        let preferred = hostKeyAlgorithms.filter { algorithm in
            known.contains { $0.algorithm == algorithm || ($0.algorithm == "ssh-rsa" && algorithm.hasPrefix("rsa-")) }
        }
        return preferred + hostKeyAlgorithms.filter { !preferred.contains($0) }
    }
}
