// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto
internal import LatchkeyModel
package import LatchkeySystem
package import LatchkeyTransport

/// An end of a session: one stream of messages in each direction, which outlives the connection that carries it. Nothing
/// here waits.
///
/// What was sent is kept until the other end has taken it, and sent again over the next connection; so a cut loses nothing
/// and doubles nothing, as long as both ends live.
package struct DataChannel: ~Copyable {
    package enum Role: Sendable {
        case client, agent
    }

    /// So many bytes of payloads may wait here to be taken before nothing more is read from the connection.
    private static let holdLimit = 1 << 20
    /// Between Latchkey's own ends: after so many bytes an acknowledgement goes out even if more is waiting.
    private static let acknowledgeInterval = 256 * 1024
    /// Milliseconds that an acknowledgement waits for more to acknowledge: so that of two messages for a key that is
    /// typed and its echo, none stands in the way of the next.
    private static let acknowledgeDelay: Int64 = 5

    private let role: Role
    private var socket: WebSocketConnection?
    private var sender: StreamSender
    private var receiver = StreamReceiver()
    private var unacknowledgedBytes = 0
    /// When an acknowledgement is due at the latest, on ``SystemClock``.
    private var acknowledgeTime: Int64?
    /// Whether more may have arrived than was taken in: it lies in this process's memory, and no descriptor tells.
    private var mayHaveArrived = false
    private var random = BufferedRandom()
    /// The last message that was taken: what a cumulative acknowledgement names.
    private var lastTaken: (sequence: Int64, id: MessageID)?

    /// What both ends can do beyond the official ones; nil until, or unless, they agreed.
    package private(set) var extensions: Handshake.Extensions?
    /// Whether the relay asked this end, an agent, to pause, since there is no client.
    package private(set) var isPaused = false
    /// Whether the relay said that the agent is away.
    package private(set) var isPeerAway = false
    /// Why the session is over, as the relay said; empty where it just ended, nil while it goes on.
    package private(set) var closing: String?
    /// Set when another client took the other end's place; the code that acts on it sets it back.
    package var wasTakenOver = false
    /// Messages that could not be understood, or were none of this end's business.
    package private(set) var faults = 0

    package init(_ role: Role, limits: StreamSender.Limits = StreamSender.Limits()) {
        self.role = role
        sender = StreamSender(role == .client ? .input : .output, limits: limits)
    }

    private var incomingType: MessageType { role == .client ? .output : .input }

    // MARK: The connection

    package var isConnected: Bool { socket != nil }

    /// -1 while there is no connection.
    package var descriptor: Int32 { socket?.descriptor ?? -1 }

    package var wantsToWrite: Bool { socket?.wantsToWrite ?? false }

    /// What to wait for before ``advance()``; nil without a connection.
    package var interest: PollSet.Interest? { socket?.interest }

    /// Whether what arrives is read now; if not, `descriptor` need not be waited for.
    ///
    /// What came early does not count: it waits for something that has yet to be read.
    package var wantsToRead: Bool { receiver.bytesReady < DataChannel.holdLimit }

    /// When something came last, on ``SystemClock``; nil without a connection.
    package var lastHeard: Int64? { socket?.lastHeard }

    /// Goes on over a new connection.
    ///
    /// - Parameter opening: the first frame, for the relay.
    package mutating func attach(_ connection: WebSocketConnection, opening: OpenDataChannel) {
        connection.send(.text, Payload.encode(opening))
        socket = connection
        // The relay says so again if it is still so; it may be another one, which knows nothing of that.
        isPaused = false
        sender.reconnected()
    }

    /// Lets go of a connection that is broken.
    package mutating func detach() { socket = nil }

    /// Asks for a sign of life.
    package mutating func ping() { socket?.send(.ping, Array("keepalive".utf8)) }

    /// Says goodbye to the relay.
    package mutating func close() { socket?.close() }

    /// Sends and receives what can be sent and received now.
    ///
    /// - Throws: `lost` and the like when the connection is no more: ``detach()`` it then, and ``attach(_:opening:)``
    ///   another.
    package mutating func advance() throws(TransportError) {
        guard socket != nil else { return }
        if wantsToRead {
            let received = try socket?.receive() ?? .ended
            mayHaveArrived = received == .some
            try takeIn()
            if received == .ended && !mayHaveArrived { throw .lost("the relay hung up") }
        }
        let now = SystemClock.milliseconds()
        if let acknowledgeTime, now >= acknowledgeTime { acknowledgeTaken() }
        while closing == nil, !isPaused, socket?.hasRoom == true, let bytes = sender.due(now: now) {
            socket?.send(.binary, bytes)
        }
        try socket?.flush()
    }

    private mutating func takeIn() throws(TransportError) {
        while true {
            guard wantsToRead else {
                mayHaveArrived = true
                return
            }
            let type = incomingType
            let message: Incoming? = try socket?
                .next { _, bytes in
                    // Either opcode may carry a message, as both official ends have it.
                    Incoming(bytes, expecting: type, &receiver)
                }
            guard let message else { return }
            act(on: message)
        }
    }

    /// What a message is, its payload copied only where that is needed.
    private enum Incoming {
        case stream(MessageHeader, StreamReceiver.Verdict)
        case acknowledgement(AcknowledgeContent)
        case closed(ChannelClosedContent)
        case other(MessageHeader)
        case faulty

        init(
            _ bytes: UnsafeRawBufferPointer,
            expecting type: MessageType,
            _ receiver: inout StreamReceiver
        ) {
            guard let header = try? MessageHeader(of: bytes) else {
                self = .faulty
                return
            }
            let payload = UnsafeRawBufferPointer(rebasing: bytes[MessageHeader.size...])
            switch header.type {
            case type: self = .stream(header, receiver.receive(header, payload))
            case .acknowledge:
                self = AcknowledgeContent(payload: payload).map(Incoming.acknowledgement) ?? .faulty
            case .channelClosed:
                self = Payload.decode(ChannelClosedContent.self, payload).map(Incoming.closed) ?? .faulty
            default: self = .other(header)
            }
        }
    }

    private mutating func act(on message: Incoming) {
        switch message {
        case .stream(let header, .duplicate): acknowledgeAgain(header)
        // One that is early is not acknowledged, although the official ends do that: so an acknowledgement always counts
        // for all before it, whichever way the other end takes it while the two are still agreeing on that.
        case .stream:
            isPaused = false
            isPeerAway = false
        case .acknowledgement(let content):
            isPaused = false
            guard content.type == outgoingType.rawValue else { return }
            sender.acknowledged(content.sequence, now: SystemClock.milliseconds())
        case .closed(let content): closing = content.output
        case .other(let header):
            switch (role, header.type) {
            case (.agent, .pausePublication): isPaused = true
            case (.agent, .startPublication):
                isPaused = false
                sender.reconnected()
            case (.agent, .clientAttached): restart()
            case (.client, .pausePublication): isPeerAway = true
            case (.client, .startPublication):
                isPeerAway = false
                sender.reconnected()
            default: faults += 1
            }
        case .faulty: faults += 1
        }
    }

    private var outgoingType: MessageType { role == .client ? .input : .output }

    /// Another client is at the other end, and counts from 0. The relay passes nothing on until this end has said that
    /// it does, too.
    private mutating func restart() {
        sender.restart()
        receiver.restart()
        extensions = nil
        lastTaken = nil
        unacknowledgedBytes = 0
        acknowledgeTime = nil
        isPaused = false
        wasTakenOver = true
        let header = MessageHeader(type: .clientAttached, stamp: stamp())
        socket?.send(.binary, header.message(Array("{}".utf8)))
    }

    /// Whether anything of the stream has come from the other end.
    package var hasHeardPeer: Bool { lastTaken != nil || !receiver.isEmpty }

    // MARK: What comes

    /// The payload whose turn it is.
    package var next: StreamReceiver.Delivery? { receiver.next }

    /// Takes it out, and lets the other end know.
    package mutating func takeNext() {
        guard let delivery = receiver.next else { return }
        receiver.removeFirst()
        lastTaken = (delivery.sequence, delivery.id)
        // A client that types, or tells the size of its window, shows what it is sent.
        if delivery.payloadType != PayloadType.handshakeResponse.rawValue { sender.isPeerReady = true }
        guard extensions?.cumulative == true else {
            acknowledge(delivery.sequence, delivery.id)
            return
        }
        unacknowledgedBytes += delivery.payload.count
        acknowledgeTime = acknowledgeTime ?? SystemClock.milliseconds() + DataChannel.acknowledgeDelay
        // What is no output is rare, and may be the last that the other end waits for.
        let type = PayloadType(rawValue: delivery.payloadType)
        let isOutput = type == .output || type == .standardError
        if !isOutput || unacknowledgedBytes >= DataChannel.acknowledgeInterval { acknowledgeTaken() }
    }

    private mutating func acknowledgeTaken() {
        unacknowledgedBytes = 0
        acknowledgeTime = nil
        if let lastTaken { acknowledge(lastTaken.sequence, lastTaken.id) }
    }

    private mutating func acknowledgeAgain(_ header: MessageHeader) {
        if extensions?.cumulative == true {
            acknowledgeTaken()
        } else if header.sequence <= lastTaken?.sequence ?? -1 {
            acknowledge(header.sequence, header.id)
        }
    }

    private mutating func acknowledge(_ sequence: Int64, _ id: MessageID) {
        let stamp = stamp()
        socket?.send(.binary, AcknowledgeContent.message(of: incomingType, id: id, sequence: sequence, stamp: stamp))
    }

    // MARK: What goes

    /// How many bytes of payload can be sent now without holding too much.
    package var room: Int {
        guard closing == nil, !isPaused, socket?.hasRoom ?? true else { return 0 }
        return min(sender.room, window - sender.bytesUnderWay)
    }

    /// The most bytes that the other end wants to be under way.
    private var window: Int {
        guard let extensions else { return officialWindow }
        return max(extensions.window ?? .max, DataChannel.smallestWindow)
    }

    /// One that is smaller would stand in the way of a single message.
    private static let smallestWindow = 16 * 1024

    /// The most bytes that are under way to an official end, which knows no way to say that it wants no more.
    package var officialWindow = Int.max

    /// Whether the other end has everything, as far as that can be found out where nothing more will be sent.
    package var hasArrived: Bool { sender.hasArrived }

    /// Sends a payload; without a connection it goes out over the next one.
    package mutating func send(_ type: PayloadType, _ payload: some Collection<UInt8>) {
        if let bytes = sender.send(type, payload, stamp: stamp(), now: SystemClock.milliseconds()) {
            socket?.send(.binary, bytes)
        }
    }

    /// Sends what `fill` writes, at most `capacity` bytes.
    ///
    /// - Returns: how many that were.
    package mutating func send(
        _ type: PayloadType,
        capacity: Int,
        _ fill: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        let bytes = sender.send(type, stamp: stamp(), now: SystemClock.milliseconds(), capacity: capacity, fill)
        guard let bytes else { return 0 }
        socket?.send(.binary, bytes)
        return bytes.count - MessageHeader.size
    }

    /// Sends a message that is for the relay and not part of the stream.
    package mutating func tell(_ type: MessageType, _ content: some Encodable) {
        let header = MessageHeader(type: type, stamp: stamp(), flags: MessageHeader.synAndFin)
        socket?.send(.binary, header.message(Payload.encode(content)))
    }

    /// Sends now what is on its way.
    package mutating func flush() throws(TransportError) { try socket?.flush() }

    /// From now on both ends use what they agreed on.
    package mutating func agree(on extensions: Handshake.Extensions?) {
        self.extensions = extensions
        if extensions?.cumulative == true { sender.acknowledgement = .cumulative }
        if extensions?.checksum == true { sender.digest = .checksum }
    }

    /// When ``advance()`` is wanted even if nothing is readable or writable, on ``SystemClock``.
    package var deadline: Int64? {
        guard let socket, closing == nil else { return nil }
        if mayHaveArrived && wantsToRead { return 0 }
        let sending = socket.hasRoom && !isPaused ? sender.deadline : nil
        return [acknowledgeTime, sending].compactMap(\.self).min()
    }

    private mutating func stamp() -> MessageStamp { MessageStamp.make(&random) }
}

extension DataChannel: MuxCarrier {
    package mutating func send(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        send(.output, capacity: capacity, fill)
    }
}

extension MessageStamp {
    /// A stamp of now, with a random id (RFC 9562 §5.4, version 4).
    package static func make(_ random: inout some RandomNumberGenerator) -> MessageStamp {
        let high: UInt64 = random.next() & ~0xF000 | 0x4000
        let low: UInt64 = random.next() & ~(0b11 << 62) | 0b10 << 62
        return MessageStamp(
            id: MessageID(high: high, low: low),
            created: UInt64(max(1, SystemClock.wallMilliseconds()))
        )
    }
}
