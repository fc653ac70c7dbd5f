// SPDX-License-Identifier: Apache-2.0

import Glibc
import LatchkeyAPI
import LatchkeyModel
import LatchkeySystem
import LatchkeyTransport
import Testing

@testable import LatchkeyRelayClient
@testable import LatchkeySessionProtocol

/// A data channel over a WebSocket of its own.
@Suite(.serialized) struct DataChannelTests {
    private static let opening = OpenDataChannel(requestID: "r", token: "t")

    /// Lets both ends go on until `isOver`, and returns what came to the relay.
    private static func run(
        _ channel: inout DataChannel,
        _ relay: RelayStub,
        until isOver: (borrowing DataChannel, [(header: MessageHeader, payload: [UInt8])]) -> Bool
    ) throws -> [(header: MessageHeader, payload: [UInt8])] {
        var messages: [(header: MessageHeader, payload: [UInt8])] = []
        let limit = SystemClock.milliseconds() + 100_000
        while !isOver(channel, messages), SystemClock.milliseconds() < limit {
            messages += try relay.turn()
            try channel.advance()
            try channel.flush()
            usleep(500)
        }
        let isOver = isOver(channel, messages)
        #expect(isOver)
        return messages
    }

    private static func access(_ relay: RelayStub) throws -> RelaySessionAccess {
        let endpoint = ServiceEndpoint(
            address: ServerAddress(isSecure: false, host: "127.0.0.1", port: relay.port),
            trust: .system,
            region: "local",
            credentials: Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "s", sessionToken: "token")
        )
        return try RelaySessionAccess(
            sessionID: "ann-1",
            streamURL: "ws://127.0.0.1:\(relay.port)/v1/data-channel/ann-1?role=publish_subscribe",
            service: ServiceClient(endpoint),
            clientID: "c"
        )
    }

    @Test func `a client's request for its channel is signed`() throws {
        let relay = try RelayStub()
        let access = try Self.access(relay)
        _ = try relay.connect { try access.connect(timeout: 100_000) }
        let lines = RelayStub.request.split(separator: "\r\n").map(String.init)
        #expect(lines.first == "GET /v1/data-channel/ann-1?role=publish_subscribe HTTP/1.1")
        let signature = try #require(lines.first { $0.hasPrefix("Authorization: ") })
        #expect(signature.contains("Credential=AKIDEXAMPLE/"))
        #expect(signature.contains("/local/ssmmessages/aws4_request"))
        #expect(signature.contains("SignedHeaders=host;x-amz-date;x-amz-security-token"))
        #expect(lines.contains("X-Amz-Security-Token: token"))
    }

    @Test func `input for a command of an official agent is refused, which would lose it`() throws {
        for isCommand in [true, false] {
            let relay = try RelayStub()
            let access = try Self.access(relay)
            let connection = try relay.connect { try access.connect(timeout: 100_000) }
            var process = RelayProcess(access, over: connection, token: "t", size: nil)
            process.isCommand = isCommand
            relay.send(
                .output,
                0,
                Array(#"{"AgentVersion":"3.3.0.0","RequestedClientActions":[]}"#.utf8),
                .handshakeRequest
            )
            relay.send(.output, 1, Array("{}".utf8), .handshakeComplete)
            _ = try relay.turn()
            let isGreeted = try process.isGreeted(before: SystemClock.milliseconds() + 100_000)
            #expect(isGreeted && process.agentIsOfficial)
            var code: LatchkeyError.Code?
            do { _ = try Array("x".utf8).withUnsafeBytes { try process.write($0) } } catch let error as LatchkeyError {
                code = error.code
            }
            #expect(code == (isCommand ? .requestRefused : nil))
        }
    }

    /// Lets both ends go on until the channel has taken in all that the relay has sent so far.
    private static func runUntilTaken(
        _ channel: inout DataChannel,
        _ relay: RelayStub
    ) throws -> [(header: MessageHeader, payload: [UInt8])] {
        // One that no end understands, behind all the others: it is counted.
        let faults = channel.faults
        relay.send(.jobAcknowledge)
        let messages = try run(&channel, relay) { channel, _ in channel.faults > faults }
        // What it has answered is there already.
        return try messages + relay.turn()
    }

    /// For what time alone could bring.
    private static func run(
        _ channel: inout DataChannel,
        _ relay: RelayStub,
        milliseconds: Int64
    ) throws -> [(header: MessageHeader, payload: [UInt8])] {
        let limit = SystemClock.milliseconds() + milliseconds
        return try run(&channel, relay) { _, _ in SystemClock.milliseconds() >= limit }
    }

    /// The numbers that were acknowledged.
    private static func acknowledged(_ messages: [(header: MessageHeader, payload: [UInt8])]) -> [Int64] {
        messages.filter { $0.header.type == .acknowledge }
            .compactMap { message in message.payload.withUnsafeBytes { AcknowledgeContent(payload: $0)?.sequence } }
    }

    private static func numbers(_ messages: [(header: MessageHeader, payload: [UInt8])]) -> [Int64] {
        messages.filter { $0.header.type == .input || $0.header.type == .output }.map(\.header.sequence)
    }

    @Test func `however much comes early, what it waits for is still read`() throws {
        let relay = try RelayStub()
        var channel = DataChannel(.client)
        channel.attach(try relay.connect(), opening: Self.opening)
        let chunk = [UInt8](repeating: 7, count: 64 * 1024)
        for sequence in Array(1...40) + [0] as [Int64] { relay.send(.output, sequence, chunk) }
        _ = try Self.run(&channel, relay) { channel, _ in channel.next != nil }
        var taken: [Int64] = []
        while let delivery = channel.next {
            taken.append(delivery.sequence)
            channel.takeNext()
        }
        #expect(taken == Array(0...40))
    }

    /// Lets a channel go on only when its descriptor or its deadline says so, as those who own one do.
    ///
    /// - Returns: false if it sleeps although there is more.
    private static func goOn(_ channel: inout DataChannel) throws -> Bool {
        let isDue = channel.deadline.map { $0 <= SystemClock.milliseconds() } ?? false
        var wait = pollfd(fd: channel.wantsToRead ? channel.descriptor : -1, events: Int16(POLLIN), revents: 0)
        guard isDue || poll(&wait, 1, 100_000) > 0 else { return false }
        try channel.advance()
        return true
    }

    @Test func `what has arrived and was not taken in is not slept over`() throws {
        var hidden = 0
        // Where one read ends and the next begins is not the test's to say.
        for more in stride(from: 0, to: 64 * 1024, by: 8 * 1024) {
            let relay = try RelayStub()
            var channel = DataChannel(.client)
            channel.attach(try relay.connect(), opening: Self.opening)
            // More than is held for a reader, and small ones behind it.
            relay.send(.output, 0, [UInt8](repeating: 7, count: 1_048_576 + more))
            for sequence in 1...20 as ClosedRange<Int64> { relay.send(.output, sequence, [1]) }
            _ = try Self.run(&channel, relay) { channel, _ in channel.next != nil }
            for _ in 0..<10 { _ = try relay.turn() }
            channel.takeNext()
            var wait = pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0)
            if channel.next == nil, poll(&wait, 1, 0) == 0 { hidden += 1 }
            var (taken, isAwake) = (1, true)
            while taken < 21, isAwake {
                if channel.next != nil {
                    channel.takeNext()
                    taken += 1
                } else {
                    isAwake = try Self.goOn(&channel)
                }
            }
            #expect(taken == 21)
        }
        // Or else nothing was tried.
        #expect(hidden > 0)
    }

    @Test func `a reader that stands still holds back the connection`() throws {
        let relay = try RelayStub()
        var channel = DataChannel(.client)
        channel.attach(try relay.connect(), opening: Self.opening)
        let chunk = [UInt8](repeating: 7, count: 64 * 1024)
        for sequence in 0..<40 as Range<Int64> { relay.send(.output, sequence, chunk) }
        let messages = try Self.run(&channel, relay) { channel, _ in !channel.wantsToRead }
        #expect(Self.acknowledged(try messages + relay.turn()) == [])
        var taken = 0
        let limit = SystemClock.milliseconds() + 100_000
        while taken < 40, SystemClock.milliseconds() < limit {
            if channel.next != nil {
                channel.takeNext()
                taken += 1
            } else {
                _ = try relay.turn()
                try channel.advance()
            }
        }
        #expect(taken == 40)
    }

    @Test func `a message is acknowledged once it is taken, and again when it comes again`() throws {
        let relay = try RelayStub()
        var channel = DataChannel(.client)
        channel.attach(try relay.connect(), opening: Self.opening)
        relay.send(.output, 1, [1])
        #expect(Self.acknowledged(try Self.runUntilTaken(&channel, relay)) == [])
        relay.send(.output, 0, [0])
        _ = try Self.run(&channel, relay) { channel, _ in channel.next != nil }
        relay.send(.output, 0, [0])
        #expect(Self.acknowledged(try Self.runUntilTaken(&channel, relay)) == [])
        channel.takeNext()
        channel.takeNext()
        relay.send(.output, 0, [0])
        let messages = try Self.run(&channel, relay) { _, messages in Self.acknowledged(messages).count == 3 }
        #expect(Self.acknowledged(messages) == [0, 1, 0])
    }

    @Test func `ends that agreed on it acknowledge many messages with one`() throws {
        let relay = try RelayStub()
        var channel = DataChannel(.agent)
        channel.attach(try relay.connect(), opening: Self.opening)
        channel.agree(on: .all)
        for sequence in 0..<5 as Range<Int64> { relay.send(.input, sequence, [1]) }
        relay.send(.pausePublication)
        _ = try Self.run(&channel, relay) { channel, _ in channel.isPaused }
        while channel.next != nil { channel.takeNext() }
        let messages = try Self.run(&channel, relay) { _, messages in !Self.acknowledged(messages).isEmpty }
        #expect(Self.acknowledged(messages) == [4])
    }

    @Test func `what was not acknowledged goes out over the next connection, and nothing twice`() throws {
        let relay = try RelayStub()
        var channel = DataChannel(.client)
        channel.attach(try relay.connect(), opening: Self.opening)
        for byte in 0..<3 as Range<UInt8> { channel.send(.output, [byte]) }
        relay.acknowledge(.input, 0)
        // An acknowledgement of the other direction is none of this end's.
        relay.acknowledge(.output, 1)
        let first = try Self.run(&channel, relay) { channel, messages in messages.count >= 3 }
        #expect(Array(Self.numbers(first).prefix(3)) == [0, 1, 2])
        _ = try Self.runUntilTaken(&channel, relay)
        channel.detach()
        #expect(!channel.isConnected && channel.deadline == nil && channel.descriptor == -1)
        channel.send(.output, [3])
        channel.attach(try relay.connect(), opening: Self.opening)
        channel.send(.output, [4])
        let second = try Self.run(&channel, relay) { _, messages in messages.count >= 4 }
        #expect(Self.numbers(second).sorted() == [1, 2, 3, 4])
        relay.acknowledge(.input, 1)
        for sequence in 2...4 as ClosedRange<Int64> { relay.acknowledge(.input, sequence) }
        _ = try Self.run(&channel, relay) { channel, _ in channel.hasArrived }
    }

    @Test func `an agent that is told to hold still does, and begins again where it was`() throws {
        let relay = try RelayStub()
        var channel = DataChannel(.agent)
        channel.attach(try relay.connect(), opening: Self.opening)
        channel.send(.output, [0])
        relay.send(.pausePublication)
        _ = try Self.run(&channel, relay) { channel, messages in channel.isPaused && messages.count == 1 }
        #expect(channel.room == 0 && channel.deadline == nil)
        #expect(Self.numbers(try Self.run(&channel, relay, milliseconds: 400)) == [])
        relay.send(.startPublication)
        let messages = try Self.run(&channel, relay) { _, messages in !messages.isEmpty }
        #expect(Self.numbers(messages).first == 0 && channel.room > 0)
    }

    @Test func `a client that cannot stop reading is sent no more than it wants to be under way`() throws {
        let relay = try RelayStub()
        var channel = DataChannel(.agent)
        channel.attach(try relay.connect(), opening: Self.opening)
        var extensions = Handshake.Extensions.all
        extensions.window = 100_000
        channel.agree(on: extensions)
        #expect(channel.room == 100_000)
        channel.send(.output, [UInt8](repeating: 1, count: 60_000))
        #expect(channel.room <= 40_000 && channel.room > 39_000)
        _ = try Self.run(&channel, relay) { _, messages in !messages.isEmpty }
        relay.acknowledge(.output, 0)
        _ = try Self.run(&channel, relay) { channel, _ in channel.hasArrived }
        #expect(channel.room == 100_000)
        // One that is too small for a message, and one that is none.
        for window in [0, -5] {
            extensions.window = window
            channel.agree(on: extensions)
            #expect(channel.room == 16 * 1024)
        }
    }

    @Test func `another client is answered, and everything counts from 0`() throws {
        let relay = try RelayStub()
        var channel = DataChannel(.agent)
        channel.attach(try relay.connect(), opening: Self.opening)
        channel.agree(on: .all)
        for byte in 0..<3 as Range<UInt8> { channel.send(.output, [byte]) }
        relay.send(.input, 0, [1])
        _ = try Self.run(&channel, relay) { channel, messages in channel.next != nil && messages.count == 3 }
        relay.send(.clientAttached)
        let messages = try Self.run(&channel, relay) { channel, messages in channel.wasTakenOver && !messages.isEmpty }
        #expect(messages.map(\.header.type) == [.clientAttached])
        #expect(channel.next == nil && channel.extensions == nil && channel.hasArrived)
        channel.send(.output, [9])
        let anew = try Self.run(&channel, relay) { _, messages in !messages.isEmpty }
        #expect(Self.numbers(anew) == [0])
    }

    @Test func `what is not understood is counted, and nothing more`() throws {
        let relay = try RelayStub()
        var channel = DataChannel(.client)
        channel.attach(try relay.connect(), opening: Self.opening)
        relay.send(.input, 0, [1])
        relay.send(.clientAttached)
        relay.send(.acknowledge)
        relay.send(.channelClosed)
        relay.send(.output, 0, [1])
        _ = try Self.run(&channel, relay) { channel, _ in channel.next != nil }
        #expect(channel.faults == 4 && channel.closing == nil && !channel.wasTakenOver)
    }
}
