// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

@testable import LatchkeySSH

struct AgentFilterTests {
    private static func key(_ byte: UInt8) throws -> PublicKey {
        var writer = WireWriter()
        writer.string("ssh-ed25519")
        writer.string([UInt8](repeating: byte, count: 32))
        return try #require(PublicKey(blob: writer.bytes))
    }

    private static func signRequest(_ key: PublicKey) -> [UInt8] {
        var writer = WireWriter()
        writer.raw([13])
        writer.string(key.blob)
        writer.string([1, 2, 3])
        writer.uint32(0)
        return writer.bytes
    }

    @Test func `only the one key may sign`() throws {
        let (mine, other) = (try Self.key(1), try Self.key(2))
        #expect(AgentFilter.verdict(on: Self.signRequest(mine), key: mine) == .pass)
        #expect(AgentFilter.verdict(on: Self.signRequest(other), key: mine) == .refuse)
        #expect(AgentFilter.verdict(on: [11], key: mine) == .passAndCut)
    }

    @Test(arguments: [[], [13], [13, 0xFF, 0xFF, 0xFF, 0xFF], [17, 0], [19], [27, 1]] as [[UInt8]])
    func `adding, removing, locking and nonsense are refused`(request: [UInt8]) throws {
        #expect(AgentFilter.verdict(on: request, key: try Self.key(1)) == .refuse)
    }

    @Test func `the list is cut to the one key`() throws {
        let keys = try [1, 2, 3].map(Self.key)
        var answer = WireWriter()
        answer.raw([12])
        answer.uint32(3)
        for key in keys {
            answer.string(key.blob)
            answer.string("comment")
        }
        let cut = try #require(AgentMessage.identities(in: AgentFilter.cut(answer.bytes, to: keys[1])))
        #expect(cut.map(\.key) == [keys[1]])
        let none = try #require(AgentMessage.identities(in: AgentFilter.cut(answer.bytes, to: Self.key(9))))
        #expect(none.isEmpty)
    }

    @Test(arguments: [[], [12], [12, 0xFF, 0xFF, 0xFF, 0xFF], [12, 0, 0, 0, 1, 0, 0, 0, 9], [5]] as [[UInt8]])
    func `a list that lies becomes a failure`(answer: [UInt8]) throws {
        #expect(AgentFilter.cut(answer, to: try Self.key(1)) == [AgentMessage.failure])
    }
}

struct HandshakenTests {
    @Test func `algorithms of known host keys are asked for first`() throws {
        var writer = WireWriter()
        writer.string("ssh-rsa")
        writer.mpint([1, 0, 1])
        writer.mpint([0xC0, 1])
        let key = try #require(PublicKey(blob: writer.bytes))
        #expect(
            Array(Handshaken.order(preferring: [key]).prefix(3)) == ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]
        )
        #expect(Handshaken.order(preferring: []).first == "ssh-ed25519")
        #expect(!Handshaken.order(preferring: [key]).contains("ssh-rsa"))
    }
}
