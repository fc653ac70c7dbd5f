// SPDX-License-Identifier: Apache-2.0

import Foundation
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySystem
internal import LatchkeyTerminal
import LatchkeyTestSupport
internal import LatchkeyTransport
import Testing

@testable import LatchkeySSH

/// Several channels over one connection to a real sshd.
struct ChannelTests {
    @Test func `a second channel goes on when the first has closed`() throws {
        try ChannelTests.with { (connection: borrowing Connection) in
            func start(_ command: String) throws -> RemoteChannel {
                var request = Connection.Request()
                request.command = command
                return try connection.start(request)
            }
            var second: RemoteChannel
            do {
                var first = try start("echo one; exit 3")
                second = try start("read line; echo \"got $line\"; exit 4")
                #expect(try Self.finish(&first) == "one\n")
                #expect(first.ending == .exited(status: 3))
            }
            // The first one is gone, with all that libssh had for it.
            try Self.write("hello\n", to: &second)
            #expect(try Self.finish(&second) == "got hello\n")
            #expect(second.ending == .exited(status: 4))
            // And one that is started after all that.
            var third = try start("echo three")
            #expect(try Self.finish(&third) == "three\n")
        }
    }

    @Test func `two channels that both have much to say get it all through`() throws {
        try ChannelTests.with { (connection: borrowing Connection) in
            var request = Connection.Request()
            request.command = "head -c 3000000 /dev/zero | tr '\\0' a"
            var first = try connection.start(request)
            request.command = "head -c 3000000 /dev/zero | tr '\\0' b"
            var second = try connection.start(request)
            // In turns; the second one's bytes arrive while the first one is asked, too.
            var (one, two) = ([UInt8](), [UInt8]())
            let deadline = SystemClock.milliseconds() + 60_000
            while first.ending == nil || second.ending == nil, SystemClock.milliseconds() < deadline {
                try first.advance()
                one += try Self.read(&first)
                try second.advance()
                two += try Self.read(&second)
                var wait = pollfd(fd: first.descriptor, events: Int16(POLLIN), revents: 0)
                poll(&wait, 1, 20)
            }
            one += try Self.read(&first)
            two += try Self.read(&second)
            let areWhole =
                one == [UInt8](repeating: 0x61, count: 3_000_000)
                && two == [UInt8](repeating: 0x62, count: 3_000_000)
            #expect(areWhole, "\(one.count) and \(two.count)")
        }
    }

    /// Runs `body` with a user logged in by a key that a real ssh-agent holds.
    private static func with(_ body: (borrowing Connection) throws -> Void) throws {
        try Scratch.with { scratch in
            let path = "\(scratch.sshFolder)/key"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
            let line = try scratch.read("\(path).pub")
            let key = try #require(PublicKey(line: line))
            try TestInstance.with(authorizing: [line]) { instance in
                try SSHAgent.with(scratch) { agent in
                    try agent.add(path)
                    let socket = try Dialer.dial(hosts: ["127.0.0.1"], port: instance.port, timeout: 30_000)
                        .takeSocket()
                    let handshaken = try UnauthenticatedSession(
                        over: socket,
                        user: instance.user,
                        preferring: [],
                        timeout: 30
                    )
                    let signer = try SSHAgentSigner(key, at: SSHAgentClient(path: agent.socket))
                    switch try handshaken.login(offering: signer) {
                    case .loggedIn(let connection): try body(connection)
                    case .unknown: Issue.record("the key is not let in")
                    case .partial: Issue.record("the key alone is not enough")
                    }
                }
            }
        }
    }

    /// What has arrived.
    private static func read(_ channel: inout RemoteChannel) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while let count = try buffer.withUnsafeMutableBytes({ try channel.read(.output, into: $0) }), count > 0 {
            bytes += buffer.prefix(count)
        }
        return bytes
    }

    /// Everything that a channel says until its process has ended.
    ///
    /// - Returns: nil if it has not ended within 20 seconds.
    private static func finish(_ channel: inout RemoteChannel) throws -> String? {
        var bytes: [UInt8] = []
        let deadline = SystemClock.milliseconds() + 20_000
        while channel.ending == nil {
            guard SystemClock.milliseconds() < deadline else { return nil }
            try channel.advance()
            bytes += try read(&channel)
            guard channel.ending == nil else { break }
            var wait = pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&wait, 1, 100)
        }
        bytes += try read(&channel)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ text: String, to channel: inout RemoteChannel) throws {
        let deadline = SystemClock.milliseconds() + 20_000
        while channel.inputRoom < text.utf8.count, SystemClock.milliseconds() < deadline {
            try channel.advance()
            usleep(10_000)
        }
        let count = try Array(text.utf8).withUnsafeBytes { try channel.write($0) }
        #expect(count == text.utf8.count)
    }
}
