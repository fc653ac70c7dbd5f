// SPDX-License-Identifier: Apache-2.0

import LatchkeyKeys
import LatchkeyModel
import Testing

@testable import LatchkeySSH

struct InProcessSSHAgentTests {
    private static func key(_ byte: UInt8) throws -> PublicKey {
        var writer = WireWriter()
        writer.string("ssh-ed25519")
        writer.string([UInt8](repeating: byte, count: 32))
        return try #require(PublicKey(blob: writer.bytes))
    }

    /// Signs by repeating what it was given.
    private final class Echo: Signer {
        let publicKey: PublicKey
        init(_ key: PublicKey) { publicKey = key }

        func sign(_ message: [UInt8], flags: UInt32) -> [UInt8]? { message + [UInt8(flags)] }
    }

    private static func signRequest(_ key: PublicKey) -> [UInt8] {
        var writer = WireWriter()
        writer.raw([13])
        writer.string(key.blob)
        writer.string([1, 2, 3])
        writer.uint32(4)
        return writer.bytes
    }

    @Test func `only the one key may sign`() throws {
        let (mine, other) = (try Self.key(1), try Self.key(2))
        let signed = InProcessSSHAgent.answer(to: Self.signRequest(mine), Echo(mine))
        #expect(signed.bytes == [14, 0, 0, 0, 4, 1, 2, 3, 4])
        #expect(signed.wasAsked)
        #expect(InProcessSSHAgent.answer(to: Self.signRequest(other), Echo(mine)).bytes == [SSHAgentMessage.failure])
    }

    @Test(arguments: [[], [13], [13, 0xFF, 0xFF, 0xFF, 0xFF], [17, 0], [19], [27, 1]] as [[UInt8]])
    func `adding, removing, locking and nonsense are refused`(request: [UInt8]) throws {
        #expect(InProcessSSHAgent.answer(to: request, Echo(try Self.key(1))).bytes == [SSHAgentMessage.failure])
    }

    @Test func `the list is the one key`() throws {
        let key = try Self.key(1)
        let answer = InProcessSSHAgent.answer(to: [11], Echo(key))
        #expect(try #require(SSHAgentMessage.identities(in: answer.bytes)).map(\.key) == [key])
        #expect(!answer.wasAsked)
    }

    @Test(arguments: [[], [12], [12, 0xFF, 0xFF, 0xFF, 0xFF], [12, 0, 0, 0, 1, 0, 0, 0, 9], [5]] as [[UInt8]])
    func `an agent's list that lies is not taken`(answer: [UInt8]) {
        #expect(SSHAgentMessage.identities(in: answer) == nil)
    }
}

struct UnauthenticatedSessionTests {
    @Test func `algorithms of known host keys are asked for first`() throws {
        var writer = WireWriter()
        writer.string("ssh-rsa")
        writer.mpint([1, 0, 1])
        writer.mpint([0xC0, 1])
        let key = try #require(PublicKey(blob: writer.bytes))
        #expect(
            Array(UnauthenticatedSession.order(preferring: [key]).prefix(3)) == [
                "rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519",
            ]
        )
        #expect(UnauthenticatedSession.order(preferring: []).first == "ssh-ed25519")
        #expect(!UnauthenticatedSession.order(preferring: [key]).contains("ssh-rsa"))
    }
}
