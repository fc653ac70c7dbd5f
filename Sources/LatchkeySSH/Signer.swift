// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeyTransport

/// What can sign with one private key, wherever that key is. libssh asks it for signatures and never sees the key.
package protocol Signer: AnyObject, Sendable {
    var publicKey: PublicKey { get }

    /// Signs in the form of RFC 4253 §6.6: "string signature format identifier, string signature blob". Called on a
    /// thread of its own.
    ///
    /// - Parameter flags: ``AgentFlag``'s, which choose the hash of RSA.
    /// - Returns: nil if it cannot or will not.
    func sign(_ message: [UInt8], flags: UInt32) -> [UInt8]?
}

/// The flags of a sign request (draft-ietf-sshm-ssh-agent §3.6.1).
package enum AgentFlag {
    package static let rsaSHA256: UInt32 = 2
    package static let rsaSHA512: UInt32 = 4
}

/// A key that a running ssh-agent holds.
package final class AgentSigner: Signer, @unchecked Sendable {
    package let publicKey: PublicKey
    /// Used by one thread at a time: that of the ``InProcessSSHAgent`` that has this signer.
    private let socket: Int32

    /// - Throws: `system` if the agent cannot be reached.
    package init(_ key: PublicKey, at agent: SSHAgentAddress) throws(SSHError) {
        publicKey = key
        socket = try agent.open().release()
    }

    deinit { close(socket) }

    package func sign(_ message: [UInt8], flags: UInt32) -> [UInt8]? {
        var request = WireWriter()
        request.raw([AgentMessage.signRequest])
        request.string(publicKey.blob)
        request.string(message)
        request.uint32(flags)
        guard AgentMessage.write(request.bytes, to: socket), let answer = AgentMessage.read(from: socket),
            answer.first == AgentMessage.signResponse
        else { return nil }
        var reader = WireReader(answer[1...])
        return reader.string().map(Array.init)
    }
}
