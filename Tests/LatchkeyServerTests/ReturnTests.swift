// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LatchkeyAuthorization
import LatchkeyModel
import LatchkeyTransport
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import LatchkeyHTTP
@testable import LatchkeyMetrics
@testable import LatchkeyOperations
@testable import LatchkeyRelay
@testable import LatchkeyServer
@testable import LatchkeySessionProtocol

/// Cuts, restarts of the relay and takeovers in every order: whoever comes back first, no end waits for nobody.
struct ReturnTests {
    /// One end of the session, as `DataChannel` behaves, but for time: what only a timer would mend shows here.
    private final class End {
        let type: MessageType
        let incoming: MessageType
        let clientID: String
        var channel: EmbeddedChannel?
        /// Messages made, acknowledged, and received in their turn.
        var (made, acknowledged, received): (Int64, Int64, Int64) = (0, 0, 0)
        var isPaused = false
        var isClosed = false
        /// What was made, and what has come in its turn: a letter for each message.
        var (said, heard) = ("", "")
        /// Official clients do not.
        var acknowledgesTwice = true
        /// Official agents do not: they send again by and by. While they are paused they make one message at the most, which is then
        /// sent again as if it had been sent.
        var resendsAtOnce = true
        private var hasMadeInPause = false
        /// Of each message that was made.
        private var types: [PayloadType] = []
        private var acknowledgements: Set<Int64> = []
        private var random = SystemRandomNumberGenerator()

        init(_ role: DataLink.Role, clientID: String = "") {
            (type, incoming) = role == .client ? (.input, .output) : (.output, .input)
            self.clientID = clientID
        }

        func write(_ message: [UInt8], _ opcode: WebSocketHeader.Opcode = .binary) throws {
            let header = WebSocketHeader(opcode, length: message.count, mask: 0)
            try channel?.writeInbound(ByteBuffer(bytes: header.bytes + message))
        }

        /// A client answers the agent's first message, and says nothing before.
        func make(_ payloadType: PayloadType = .output) throws {
            guard type == .output || received > 0, resendsAtOnce || !isPaused || !hasMadeInPause else { return }
            hasMadeInPause = isPaused
            made += 1
            types.append(payloadType)
            said.append(Character(Unicode.Scalar(UInt8(97 + made % 26))))
            if !isPaused { try send(made - 1) }
        }

        private func send(_ sequence: Int64) throws {
            let payloadType = types[Int(sequence)]
            let header = MessageHeader(type: type, stamp: .make(&random), sequence: sequence, payloadType: payloadType)
            try write(header.message([UInt8(97 + (sequence + 1) % 26)]))
        }

        /// What an official agent does each tenth of a second.
        func sendFirstAgain() throws {
            if acknowledged < made, !isPaused { try send(acknowledged) }
        }

        func sendAgain() throws {
            for sequence in acknowledged..<made where !isPaused { try send(sequence) }
        }

        /// Takes in what has come.
        ///
        /// - Returns: whether there was something.
        func takeIn() throws -> Bool {
            var bytes: [UInt8] = []
            while var buffer = try channel?.readOutbound(as: ByteBuffer.self) {
                bytes += buffer.readBytes(length: buffer.readableBytes) ?? []
            }
            let isSomething = !bytes.isEmpty
            while let (header, size) = try bytes.withUnsafeBytes({ try WebSocketHeader.parse($0) }) {
                let message = Array(bytes[size..<size + header.length])
                bytes.removeFirst(size + header.length)
                if header.opcode == .binary { try act(on: message) }
            }
            return isSomething
        }

        private func act(on message: [UInt8]) throws {
            let header = try message.withUnsafeBytes { try MessageHeader(of: $0) }
            let payload = message[MessageHeader.size...]
            switch header.type {
            case incoming:
                let isNew = header.sequence == received
                if isNew {
                    received += 1
                    heard += String(decoding: payload, as: UTF8.self)
                }
                guard isNew || (acknowledgesTwice && header.sequence < received) else { return }
                isPaused = false
                try write(
                    AcknowledgeContent.message(
                        of: incoming,
                        id: header.id,
                        sequence: header.sequence,
                        stamp: .make(&random)
                    )
                )
            case .acknowledge:
                let content = Array(payload).withUnsafeBytes { AcknowledgeContent(payload: $0) }
                acknowledgements.insert(content?.sequence ?? -1)
                while acknowledgements.contains(acknowledged) { acknowledged += 1 }
                isPaused = false
            case .pausePublication: isPaused = type == .output
            case .startPublication:
                isPaused = false
                if resendsAtOnce { try sendAgain() }
            case .clientAttached:
                (made, acknowledged, received, isPaused) = (0, 0, 0, false)
                acknowledgements = []
                types = []
                try write(MessageHeader(type: .clientAttached, stamp: .make(&random)).message(Array("{}".utf8)))
                try make()
            case .channelClosed: isClosed = true
            default: break
            }
        }
    }

    private struct Grants: GrantSource {
        func hasConsoleSession(_ id: String) -> Bool { true }
        func hasAccessKey(_ id: AccessKey.ID) -> Bool { true }
        func hasAccessKey(ofOwner arn: String) -> Bool { true }
        func registration(of id: Instance.ID) -> Int64? { 1 }
    }

    private struct Notes: SessionEventSink {
        func changed(_ sessionID: String, status: SessionStatus) {}
        func ended(_ sessionID: String, status: SessionStatus, reason: String) {}
        func pinged(_ instanceID: String) {}
    }

    private enum Event: Character, CaseIterable {
        case cutClient = "c", cutAgent = "a", restart = "r", clientReturns = "C", agentReturns = "A"
        case anotherClient = "N", messages = "m", flow = "f"
    }

    /// A relay, and a session with both its ends.
    private final class World {
        let loop = EmbeddedEventLoop()
        let record: SessionRecord
        var relay: Relay
        var client = End(.client, clientID: "1")
        let agent = End(.agent)
        private let agentIsOfficial: Bool
        private let clientIsOfficial: Bool
        private var clients = 1

        init(
            agentIsOfficial: Bool = false,
            clientIsOfficial: Bool = false,
            document: String = SessionDocuments.shell
        ) throws {
            self.agentIsOfficial = agentIsOfficial
            self.clientIsOfficial = clientIsOfficial
            agent.resendsAtOnce = !agentIsOfficial
            record = SessionRecord(
                id: "ann-0123456789abcdef0",
                target: "mi-0123456789abcdef0",
                owner: "arn:aws:iam::000000000000:user/ann",
                documentName: document,
                parameters: document.hasPrefix("AWS-StartPort") ? ["portNumber": ["22"]] : ["command": ["true"]],
                status: .connected,
                started: .init(),
                ended: nil
            )
            relay = World.relay(loop)
            if agentIsOfficial {
                // What is known of its beginning matters.
                let type = SessionDocuments.type(record.documentName, record.parameters)
                relay.sessions[record.id] = RelaySession(record, type: type, end: nil)
            } else {
                try adopt()
            }
            try comeBack(agent)
            try comeBack(client)
            try agent.make()
            try flow()
        }

        private static func relay(_ loop: EmbeddedEventLoop) -> Relay {
            Relay(
                loop: loop,
                metrics: ServerMetrics(),
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                events: Notes(),
                grants: Grants()
            )
        }

        private func adopt() throws {
            let adopted = relay.adopt(record, type: SessionDocuments.type(record.documentName, record.parameters))
            loop.run()
            try adopted.wait()
        }

        private func comeBack(_ end: End) throws {
            guard end.channel == nil, !end.isClosed else { return }
            let isClient = end === client
            let (purpose, grant): (ChannelTokenPurpose, Grant) =
                isClient
                ? (.client(sessionID: record.id), .accessKey("ann"))
                : (.agent(sessionID: record.id), .agent(record.target, registered: 1))
            let principal = isClient ? Principal.anonymous : .instance(record.target)
            let admission = ChannelAdmission(principal: principal) { _ in true }
            let link = DataLink(relay: relay, path: record.id, admission: admission)
            let channel = EmbeddedChannel(handler: SocketHandler(link: link), loop: loop)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            end.channel = channel
            var opening = OpenDataChannel(requestID: "r", token: relay.tokens.make(purpose, on: grant))
            if isClient {
                opening.clientID = end.clientID
                opening.isNew = clientIsOfficial ? nil : end.received == 0
            } else {
                opening.instanceID = record.target
                opening.canBeTakenOver = agentIsOfficial ? nil : true
            }
            try end.write(Payload.encode(opening), .text)
            end.isPaused = false
            if end.resendsAtOnce { try end.sendAgain() }
        }

        private func cut(_ end: End) throws {
            guard let channel = end.channel else { return }
            end.channel = nil
            // What was on its way to it is lost with it.
            _ = try? channel.finish(acceptAlreadyClosed: true)
        }

        func happen(_ event: Event) throws {
            switch event {
            case .cutClient: try cut(client)
            case .cutAgent: try cut(agent)
            case .restart:
                try cut(client)
                try cut(agent)
                relay = World.relay(loop)
                try adopt()
            case .clientReturns: try comeBack(client)
            case .agentReturns: try comeBack(agent)
            case .anotherClient:
                let before = client
                clients += 1
                client = End(.client, clientID: String(clients))
                try comeBack(client)
                // It was told, or hears it when it asks for another connection.
                if let channel = before.channel { _ = try? channel.finish(acceptAlreadyClosed: true) }
            case .messages:
                try client.make()
                try agent.make()
            case .flow: try flow()
            }
        }

        /// The agent's process has ended, and the agent goes.
        func endAgent() throws {
            let content = SessionStateContent(state: "Terminating", sessionID: record.id)
            var random = SystemRandomNumberGenerator()
            let header = MessageHeader(type: .sessionState, stamp: .make(&random))
            try agent.write(header.message(Payload.encode(content)))
            try cut(agent)
        }

        /// The client's connection is dead, which nobody but the client knows.
        func loseClient() { client.channel = nil }

        func flow() throws {
            while try client.takeIn() || agent.takeIn() {}
        }

        var status: SessionStatus? { relay.sessions[record.id]?.status }

        var fault: String? {
            guard client.made == agent.received, agent.made == client.received,
                client.acknowledged == client.made, agent.acknowledged == agent.made
            else {
                return "client: \(client.made) made, \(client.acknowledged) acknowledged, \(client.received) received; "
                    + "agent: \(agent.made), \(agent.acknowledged), \(agent.received)"
            }
            guard !agent.isPaused else { return "the agent holds still" }
            return status == .connected ? nil : "the session does not count as connected"
        }
    }

    /// Whether an event can change anything after these.
    private static func isPossible(_ event: Event, after events: [Event]) -> Bool {
        var (client, agent) = (true, true)
        for event in events {
            switch event {
            case .cutClient: client = false
            case .cutAgent: agent = false
            case .restart: (client, agent) = (false, false)
            case .clientReturns, .anotherClient: client = true
            case .agentReturns: agent = true
            case .messages, .flow: break
            }
        }
        switch event {
        case .cutClient: return client
        case .cutAgent: return agent
        case .clientReturns: return !client
        case .agentReturns: return !agent
        case .flow: return events.last != .flow
        case .restart, .anotherClient, .messages: return true
        }
    }

    private static func sequences(_ length: Int) -> [[Event]] {
        guard length > 0 else { return [[]] }
        return sequences(length - 1)
            .flatMap { before in
                Event.allCases.filter { isPossible($0, after: before) }.map { before + [$0] }
            }
    }

    @Test func `a session counts as connected while both its ends are there`() throws {
        let world = try World()
        let story: [(Event, SessionStatus)] = [
            (.flow, .connected), (.cutClient, .disconnected), (.cutAgent, .disconnected),
            (.agentReturns, .disconnected),
            (.clientReturns, .connected), (.restart, .disconnected), (.clientReturns, .connecting),
            (.agentReturns, .connected),
        ]
        for (event, status) in story {
            try world.happen(event)
            #expect(world.status == status, "\(event)")
        }
    }

    /// Six events in a row, the last two being the ends' returns. With one more it takes a minute or two, and finds no more.
    @Test func `whatever happens in whatever order, everything arrives once both are back`() throws {
        var faults: [String] = []
        for events in Self.sequences(4) {
            for order: [Event] in [[.clientReturns, .agentReturns], [.agentReturns, .clientReturns]] {
                for pause: [Event] in [[], [.flow]] {
                    let world = try World()
                    for event in events { try world.happen(event) }
                    try world.happen(order[0])
                    for event in pause { try world.happen(event) }
                    try world.happen(order[1])
                    try world.flow()
                    if let fault = world.fault {
                        let all = events + order[..<1] + pause + order[1...]
                        faults.append("\(String(all.map(\.rawValue))): \(fault)")
                    }
                }
            }
        }
        #expect(faults.isEmpty, "\(faults.count) of them: \(faults.prefix(10).joined(separator: "\n"))")
    }

    // MARK: Official agents, which send again one message each tenth of a second, and for two seconds after their end

    private static let documents = [SessionDocuments.shell, "AWS-StartNonInteractiveCommand"]

    @Test(arguments: documents)
    func `what an official agent has said arrives, however often its client is cut`(document: String) throws {
        let events: [Event] = [.cutClient, .clientReturns, .messages, .flow]
        var stories: [[Event]] = [[]]
        for _ in 0..<6 {
            stories = stories.flatMap { before in
                events.filter { Self.isPossible($0, after: before) }.map { before + [$0] }
            }
        }
        for story in stories {
            let world = try World(agentIsOfficial: true, document: document)
            for event in story + [.clientReturns, .flow] { try world.happen(event) }
            let (client, agent) = (world.client, world.agent)
            for _ in 0..<story.count {
                try agent.sendFirstAgain()
                try world.flow()
            }
            #expect(client.received == agent.made, "\(String(story.map(\.rawValue)))")
            #expect(agent.acknowledged == agent.made, "\(String(story.map(\.rawValue)))")
        }
    }

    @Test(arguments: documents)
    func `a session of an official agent ends once its client has everything`(document: String) throws {
        for isNoticed in [true, false] {
            let world = try World(agentIsOfficial: true, document: document)
            if isNoticed { try world.happen(.cutClient) } else { world.loseClient() }
            for _ in 0..<5 { try world.agent.make() }
            try world.endAgent()
            #expect(world.status != nil)
            // Not by the time alone, as long as the client may come back.
            world.relay.tick()
            #expect(world.status != nil)
            try world.happen(.clientReturns)
            try world.flow()
            #expect(world.client.received == world.agent.made)
            #expect(world.client.isClosed && world.status == nil)
        }
        // A client that has everything already, and one that is there.
        let world = try World(agentIsOfficial: true, document: document)
        try world.agent.make()
        try world.endAgent()
        try world.flow()
        #expect(world.client.received == world.agent.made)
        #expect(world.client.isClosed && world.status == nil)
    }

    @Test func `a client that says nothing of what it has twice is not waited for`() throws {
        let world = try World(agentIsOfficial: true)
        try world.agent.make()
        // It has taken that, and its word of it is lost.
        world.loseClient()
        let received = world.agent.made
        try world.happen(.clientReturns)
        world.client.received = received
        world.client.acknowledgesTwice = false
        try world.flow()
        #expect(world.agent.acknowledged < world.agent.made)
        // What it says of the next tells of that one, too.
        try world.agent.make()
        try world.flow()
        #expect(world.relay.sessions[world.record.id]?.official?.isEmpty == true)
        try world.agent.sendAgain()
        try world.flow()
        #expect(world.agent.acknowledged == world.agent.made)
        try world.endAgent()
        #expect(world.status == nil)
    }

    @Test(arguments: [false, true])
    func `another client goes on with the shell of an official agent, and another after that`(isCut: Bool) throws {
        let world = try World(agentIsOfficial: true)
        var sent: Int64 = 0
        for round in 0..<3 {
            for _ in 0..<3 { try world.happen(.messages) }
            try world.flow()
            #expect(world.client.acknowledged == world.client.made)
            sent += world.client.made
            #expect(world.agent.received == sent, "round \(round)")
            #expect(world.agent.acknowledged == world.agent.made)
            if isCut { try world.happen(.cutClient) } else { world.loseClient() }
            // Said while nobody listens.
            try world.agent.make()
            try world.happen(.anotherClient)
            try world.flow()
            #expect(!world.client.isClosed && world.client.received > 0)
            #expect(world.agent.acknowledged == world.agent.made)
            #expect(world.client.heard == world.agent.said, "round \(round)")
        }
    }

    @Test func `a command of an official agent is not another client's to go on with`() throws {
        let world = try World(agentIsOfficial: true)
        try world.agent.make(.handshakeRequest)
        try world.flow()
        try world.happen(.anotherClient)
        try world.flow()
        #expect(world.client.isClosed)
    }

    @Test func `what came while nobody read is sent, though the agent was cut meanwhile`() throws {
        let world = try World(agentIsOfficial: true, document: "AWS-StartNonInteractiveCommand")
        world.relay.sessions[world.record.id]?.pauseAgent()
        for _ in 0..<3 { try world.agent.make() }
        try world.flow()
        #expect(world.client.received < world.agent.made)
        try world.happen(.cutAgent)
        try world.happen(.agentReturns)
        try world.flow()
        #expect(world.client.received == world.agent.made)
    }

    // MARK: Official plugins, which cannot bear everything before they are ready

    @Test(arguments: [false, true])
    func `a plugin's port opens, whatever its agent says first`(agentIsOfficial: Bool) throws {
        let document = "AWS-StartPortForwardingSession"
        let world = try World(agentIsOfficial: agentIsOfficial, clientIsOfficial: true, document: document)
        let (client, agent) = (world.client, world.agent)
        try agent.make(.handshakeRequest)
        try world.flow()
        try client.make(.handshakeResponse)
        // All is complete for the agent before it has acknowledged the answer.
        let before = client.received
        try agent.make(.handshakeComplete)
        #expect(try client.takeIn() == false)
        #expect(client.received == before && client.acknowledged == 0)
        try world.flow()
        #expect(client.received == before + 1 && client.acknowledged == 1)
        // What it says twice, the plugin hears once.
        try agent.sendAgain()
        #expect(try client.takeIn() == false)
        // Once it is ready, all is as ever.
        for _ in 0..<3 { try world.happen(.messages) }
        try world.flow()
        #expect(world.fault == nil)
        for event: Event in [
            .cutClient, .messages, .clientReturns, .flow, .restart, .agentReturns, .clientReturns, .flow,
        ] {
            try world.happen(event)
        }
        try agent.sendAgain()
        try world.flow()
        #expect(world.fault == nil)
    }

    @Test(arguments: [false, true])
    func `a plugin that is cut in its handshake gets to its end`(agentIsOfficial: Bool) throws {
        let document = "AWS-StartPortForwardingSession"
        for cutAfter in 0..<3 {
            let world = try World(agentIsOfficial: agentIsOfficial, clientIsOfficial: true, document: document)
            try world.agent.make(.handshakeRequest)
            try world.flow()
            try world.client.make(.handshakeResponse)
            if cutAfter > 0 { try world.agent.make(.handshakeComplete) }
            if cutAfter > 1 { _ = try world.agent.takeIn() }
            try world.happen(.cutClient)
            try world.happen(.clientReturns)
            if cutAfter == 0 { try world.agent.make(.handshakeComplete) }
            // The end of the handshake, however often it is said, comes after the answer's acknowledgement.
            let received = world.client.received
            _ = try world.client.takeIn()
            #expect(world.client.received == received, "cut after \(cutAfter)")
            for _ in 0..<5 {
                try world.flow()
                try world.agent.sendFirstAgain()
            }
            #expect(world.fault == nil, "cut after \(cutAfter)")
        }
    }
}
