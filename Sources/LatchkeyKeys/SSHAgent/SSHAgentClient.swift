// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeyTransport

/// Where a running ssh-agent listens, and what it holds. The wire is draft-ietf-sshm-ssh-agent §3.
package struct SSHAgentClient: Equatable, Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// A key that the agent holds, and the comment that came with it, which is not safe for a terminal yet.
    package struct Identity: Equatable, Sendable {
        package let key: PublicKey
        package let comment: String
    }

    /// What the agent can sign with, its own order kept; keys of unknown form are left out.
    ///
    /// - Throws: if the agent does not answer within a second, or not as an agent does.
    package func identities() throws(SSHAgentError) -> [Identity] {
        let socket = try open()
        // A list comes at once or not at all; a signature may wait for a person.
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        _ = setsockopt(
            socket.descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
        guard SSHAgentMessage.write([SSHAgentMessage.requestIdentities], to: socket.descriptor),
            let answer = SSHAgentMessage.read(from: socket.descriptor)
        else { throw SSHAgentError("the ssh-agent does not answer") }
        guard let identities = SSHAgentMessage.identities(in: answer) else {
            throw SSHAgentError("the ssh-agent answers in a way that is not understood")
        }
        return identities
    }

    func open() throws(SSHAgentError) -> Dialer.Socket {
        let socket = Dialer.Socket(
            owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        )
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard socket.descriptor >= 0, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SSHAgentError("the ssh-agent's socket cannot be used")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SSHAgentError("no ssh-agent answers at '\(path.terminalSafe)'") }
        return socket
    }
}
