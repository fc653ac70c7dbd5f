// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyAuthorization
import LatchkeyModel
import LatchkeySessionProtocol
import LatchkeyTestSupport
import LatchkeyTransport
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import LatchkeyHTTP
@testable import LatchkeyMetrics
@testable import LatchkeyOperations
@testable import LatchkeyRelay
@testable import LatchkeyServer

/// The relay's limits of time, shortened.
struct LimitTests {
    /// What the relay noted.
    private final class Notes: SessionEventSink {
        private let ends = Mutex<[String: (SessionStatus, String)]>([:])

        func changed(_ sessionID: String, status: SessionStatus) {}
        func pinged(_ instanceID: String) {}
        func ended(_ sessionID: String, status: SessionStatus, reason: String) {
            ends.withLock { $0[sessionID] = (status, reason) }
        }

        func end(of sessionID: String) -> (SessionStatus, String)? { ends.withLock { $0[sessionID] } }
    }

    /// Everything is there, but for what was taken away.
    private final class Grants: GrantSource {
        private let gone = Mutex<Set<String>>([])

        func remove(_ id: String) { gone.withLock { _ = $0.insert(id) } }
        func hasConsoleSession(_ id: String) -> Bool { true }
        func hasAccessKey(_ id: AccessKey.ID) -> Bool { gone.withLock { !$0.contains(id) } }
        func hasAccessKey(ofOwner arn: String) -> Bool { gone.withLock { !$0.contains(arn) } }
        func registration(of id: Instance.ID) -> Int64? { gone.withLock { $0.contains(id) ? nil : 1 } }
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
            metrics: ServerMetrics(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            events: notes,
            grants: Grants()
        )
        let record = record()
        try relay.adopt(record, type: .shell).wait()
        // Limits are looked at from the start on.
        #expect(try relay.clientToken(for: record.id, on: .accessKey("AKIA")).wait() != nil)
        try relay.loop.submit { relay.start() }.wait()
        defer { try? relay.loop.submit { relay.stop() }.wait() }
        try TestRelay.wait(for: "the session to end") { notes.end(of: record.id) != nil }
        #expect(try relay.clientToken(for: record.id, on: .accessKey("AKIA")).wait() == nil)
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
            metrics: ServerMetrics(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            events: Notes(),
            grants: Grants()
        )
        let instance = "mi-0123456789abcdef0"
        let (link, channel) = try LimitTests.connectAgent(of: instance, to: relay, loop)
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

    @Test func `a request waits for an agent that is on its way, and not for ever`() throws {
        let loop = EmbeddedEventLoop()
        let relay = Relay(
            loop: loop,
            metrics: ServerMetrics(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            events: Notes(),
            grants: Grants()
        )
        relay.start()
        let instance = "mi-0123456789abcdef0"
        let short = relay.arrival(ofAgentOf: instance, within: .seconds(1))
        let long = relay.arrival(ofAgentOf: instance, within: .seconds(8))
        let other = relay.arrival(ofAgentOf: "mi-0123456789abcdef1", within: .seconds(8))
        loop.advanceTime(by: .seconds(2))
        #expect(try short.wait() == nil)
        #expect(relay.arrivals[instance]?.count == 1)
        _ = try LimitTests.connectAgent(of: instance, to: relay, loop)
        #expect(try long.wait() != nil)
        #expect(relay.arrivals.count == 1)
        // One that is there is not waited for.
        let third = relay.arrival(ofAgentOf: instance, within: .seconds(8))
        loop.run()
        #expect(try third.wait() != nil)
        relay.stop()
        #expect(try other.wait() == nil)
        #expect(relay.arrivals.isEmpty)
    }

    /// An agent whose control channel is open.
    private static func connectAgent(
        of instance: Instance.ID,
        to relay: Relay,
        _ loop: EmbeddedEventLoop
    ) throws -> (ControlLink, EmbeddedChannel) {
        let link = ControlLink(relay: relay, instanceID: instance)
        let channel = EmbeddedChannel(handler: SocketHandler(link: link), loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let token = relay.tokens.make(.control(instanceID: instance), on: .agent(instance, registered: 1))
        let opening = Payload.encode(OpenControlChannel(requestID: "r", token: token))
        try channel.writeInbound(
            ByteBuffer(bytes: WebSocketHeader(.text, length: opening.count, mask: 0).bytes + opening)
        )
        return (link, channel)
    }

    @Test func `a token that outlives what it rests on opens nothing`() throws {
        let loop = EmbeddedEventLoop()
        let grants = Grants()
        let relay = Relay(
            loop: loop,
            metrics: ServerMetrics(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            events: Notes(),
            grants: grants
        )
        let record = record()
        let adopted = relay.adopt(record, type: .shell)
        loop.run()
        try adopted.wait()
        func open(_ grant: Grant) throws -> Bool {
            let token = relay.tokens.make(.client(sessionID: record.id), on: grant)
            let admission = ChannelAdmission(principal: .anonymous) { _ in true }
            let link = DataLink(relay: relay, path: record.id, admission: admission)
            let channel = EmbeddedChannel(handler: SocketHandler(link: link), loop: loop)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            var content = OpenDataChannel(requestID: "r", token: token)
            content.clientID = "c"
            let opening = Payload.encode(content)
            try channel.writeInbound(
                ByteBuffer(bytes: WebSocketHeader(.text, length: opening.count, mask: 0).bytes + opening)
            )
            return channel.isActive
        }
        #expect(try open(.accessKey("ann")))
        grants.remove("bob")
        #expect(try !open(.accessKey("bob")))
        #expect(try !open(.agent(record.target, registered: 2)))
        // Its owner has no key any more, whose else this one is.
        grants.remove(record.owner)
        #expect(try !open(.accessKey("ann")))
    }

    @Test func `a token is good once, for one thing, for a while`() {
        var tokens = LocalChannelTokens()
        let (ann, bob) = (Grant.accessKey("ann"), Grant.accessKey("bob"))
        let token = tokens.make(.client(sessionID: "one"), on: ann)
        let mistaken = tokens.make(.client(sessionID: "one"), on: ann)
        let another = tokens.make(.client(sessionID: "one"), on: ann)
        let control = tokens.make(.control(instanceID: "one"), on: ann)
        let attempts: [(String, ChannelTokenPurpose, isGood: Bool)] = [
            ("other", .client(sessionID: "one"), false),
            (token, .client(sessionID: "one"), true),
            (token, .client(sessionID: "one"), false),
            (mistaken, .agent(sessionID: "one"), false),
            (mistaken, .client(sessionID: "one"), false),
            (another, .client(sessionID: "two"), false),
            (control, .control(instanceID: "two"), false),
        ]
        for (text, purpose, isGood) in attempts {
            let grant = tokens.redeem(text, purpose)
            #expect(grant == (isGood ? ann : nil))
        }
        let (kept, dropped) = (
            tokens.make(.client(sessionID: "one"), on: bob), tokens.make(.client(sessionID: "one"), on: ann)
        )
        tokens.drop { $0 == ann }
        #expect(tokens.redeem(dropped, .client(sessionID: "one")) == nil)
        #expect(tokens.redeem(kept, .client(sessionID: "one")) == bob)
        #expect(tokens.count == 0)
    }
}
