// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeyTransport

/// A key that a running ssh-agent holds.
package final class SSHAgentSigner: Signer, @unchecked Sendable {
    package let publicKey: PublicKey
    /// Used by one thread at a time: that of the agent in this process that asks it.
    private let socket: Int32

    /// - Throws: if the agent cannot be reached.
    package init(_ key: PublicKey, at agent: SSHAgentClient) throws(SSHAgentError) {
        publicKey = key
        socket = try agent.open().release()
    }

    deinit { close(socket) }

    package func sign(_ message: [UInt8], flags: UInt32) -> [UInt8]? {
        var request = WireWriter()
        request.raw([SSHAgentMessage.signRequest])
        request.string(publicKey.blob)
        request.string(message)
        request.uint32(flags)
        guard SSHAgentMessage.write(request.bytes, to: socket), let answer = SSHAgentMessage.read(from: socket),
            answer.first == SSHAgentMessage.signResponse
        else { return nil }
        var reader = WireReader(answer[1...])
        return reader.string().map(Array.init)
    }
}
