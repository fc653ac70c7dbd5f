// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyRelay
import LatchkeyTestSupport
import LatchkeyTransport
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import LatchkeyServer

/// The relay's limits of time, shortened.
struct LimitTests {
    /// What the relay noted.
    private final class Notes: SessionJournal {
        private let ends = Mutex<[String: (SessionStatus, String)]>([:])

        func changed(_ sessionID: String, status: SessionStatus) {}
        func pinged(_ instanceID: String) {}
        func ended(_ sessionID: String, status: SessionStatus, reason: String) {
            ends.withLock { $0[sessionID] = (status, reason) }
        }

        func end(of sessionID: String) -> (SessionStatus, String)? { ends.withLock { $0[sessionID] } }
    }

    private func record() -> SessionRecord {
        SessionRecord(
            id: "tester-0123456789abcdef0",
            target: "mi-0123456789abcdef0",
            owner: "arn:aws:iam::000000000000:user/tester",
            documentName: SessionDocuments.shell,
            reason: nil,
            parameters: [:],
            status: .connected,
            started: Date(),
            user: nil
        )
    }

    /// - Returns: how a session that is taken up again and to which nobody comes back ends.
    private func end(_ change: (inout Relay.Limits) -> Void) throws -> (SessionStatus, String)? {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        var limits = Relay.Limits()
        change(&limits)
        let notes = Notes()
        let relay = Relay(
            loop: group.next(),
            limits: limits,
            metrics: Metrics(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            journal: notes
        )
        let record = record()
        try relay.adopt(record).wait()
        // Limits are looked at from the start on.
        #expect(try relay.clientToken(for: record.id).wait() != nil)
        try relay.loop.submit { relay.start() }.wait()
        defer { try? relay.loop.submit { relay.stop() }.wait() }
        try TestRelay.wait(for: "the session to end") { notes.end(of: record.id) != nil }
        #expect(try relay.clientToken(for: record.id).wait() == nil)
        return notes.end(of: record.id)
    }

    @Test func `a session in which nothing happens ends at its limit`() throws {
        let end = try end { $0.idle = .milliseconds(500) }
        #expect(end?.0 == .terminated)
        #expect(end?.1 == "the session was idle for too long")
    }

    @Test func `a session whose agent stays away ends at its limit`() throws {
        let end = try end { $0.agentAway = .milliseconds(500) }
        #expect(end?.0 == .failed)
        #expect(end?.1 == "the instance's agent went away")
    }

    @Test func `an agent that does not read is not listened to, and dropped in the end`() throws {
        let loop = EmbeddedEventLoop()
        var limits = Relay.Limits()
        limits.silence = .nanoseconds(-1)
        let relay = Relay(
            loop: loop,
            limits: limits,
            metrics: Metrics(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            journal: Notes()
        )
        let instance = "mi-0123456789abcdef0"
        let link = ControlLink(relay: relay, instanceID: instance)
        let channel = EmbeddedChannel(handler: SocketHandler(link: link), loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let token = relay.tokens.make(.control(instanceID: instance))
        let opening = Payload.encode(OpenControlChannel(requestID: "r", token: token))
        try channel.writeInbound(
            ByteBuffer(bytes: WebSocketHeader(.text, length: opening.count, mask: 0).bytes + opening)
        )
        #expect(relay.controls[instance] === link)
        #expect(!link.holdsReads)
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(link.holdsReads)
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(!link.holdsReads)
        channel.isWritable = false
        relay.tick()
        #expect(!channel.isActive)
        #expect(relay.controls.isEmpty)
    }

    @Test func `a token is good once, for one thing, for a while`() {
        var tokens = Tokens()
        let token = tokens.make(.client(sessionID: "one"))
        let mistaken = tokens.make(.client(sessionID: "one"))
        let another = tokens.make(.client(sessionID: "one"))
        let control = tokens.make(.control(instanceID: "one"))
        let attempts: [(String, Tokens.Purpose, isGood: Bool)] = [
            ("other", .client(sessionID: "one"), false),
            (token, .client(sessionID: "one"), true),
            (token, .client(sessionID: "one"), false),
            (mistaken, .agent(sessionID: "one"), false),
            (mistaken, .client(sessionID: "one"), false),
            (another, .client(sessionID: "two"), false),
            (control, .control(instanceID: "two"), false),
        ]
        for (text, purpose, isGood) in attempts {
            let isTaken = tokens.redeem(text, purpose)
            #expect(isTaken == isGood)
        }
        #expect(tokens.count == 0)
    }
}
