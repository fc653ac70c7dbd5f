// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeyTransport
internal import NIOCore

/// A WebSocket at one end of a session.
final class DataLink: ChannelDelegate {
    enum Role { case client, agent }

    /// So many messages that are not understood, and the connection ends.
    private static let faultLimit = 100

    private unowned let relay: Relay
    /// Who asked for the channel; nil once it has joined a session.
    private(set) var admission: ChannelAdmission?
    /// The session's id in the path.
    private(set) var path: String
    /// Nil once it has authenticated.
    private var connection: TrackedConnection?
    private(set) var handler: SocketHandler?
    private(set) var role: Role?
    private(set) weak var session: RelaySession?
    /// What it rests on; nil until it has shown its token.
    var grant: Grant?
    var canBeTakenOver = false
    let opened = NIODeadline.now()
    private var faults = 0

    /// - Parameter connection: authenticates when the link joins a session.
    init(relay: Relay, path: String, admission: ChannelAdmission, connection: TrackedConnection? = nil) {
        self.relay = relay
        self.path = path
        self.admission = admission
        self.connection = connection
    }

    /// The link has shown its token and belongs to a session now.
    func join(_ session: RelaySession, as role: Role) {
        connection?.authenticate()
        connection = nil
        // The same words, in the session's memory: there may be very many links.
        path = session.id
        admission = nil
        if case .agent(_, let registered) = grant { grant = .agent(session.target, registered: registered) }
        self.session = session
        self.role = role
    }

    /// The link is not part of its session any more.
    func leave() { session = nil }

    var partner: DataLink? {
        guard let session else { return nil }
        return role == .client ? session.agent : session.client
    }

    // MARK: ChannelDelegate

    var prefixSize: Int { role == nil ? 0 : MessageHeader.size }

    /// A token and a few names: a link that sends more before has no token. A client shows nothing until then.
    private static let openingLimit = 8 * 1024

    var gatherLimit: Int { role == nil ? DataLink.openingLimit : ControlLink.messageLimit }

    var holdsReads: Bool {
        guard let session else { return false }
        if role == .agent, session.official?.isFull == true { return true }
        // What it sends now is dropped, and sent again later; so its pings are heard.
        if role == .agent && session.isPaused { return false }
        if let partner { return partner.handler.map { !$0.isWritable } ?? false }
        // The first words of an agent wait for the client, which is about to come.
        return role == .agent && !session.clientWasThere && relay.isYoung(session)
    }

    func opened(_ handler: SocketHandler) {
        self.handler = handler
        relay.opened(self)
    }

    func closed(_ handler: SocketHandler) {
        self.handler = nil
        relay.closed(self, wasLeft: handler.wasLeft)
    }

    func classify(_ prefix: UnsafeRawBufferPointer, size: Int?) -> FrameDisposition {
        let header: MessageHeader
        do { header = try MessageHeader(prefix: prefix, messageSize: size) } catch {
            relay.metrics.refusedFrames.increment()
            faults += 1
            guard error == .unknownType, faults < DataLink.faultLimit else {
                return .refuse("a message with a wrong header (\(error))")
            }
            return .drop
        }
        return relay.classify(header, from: self)
    }

    /// A message that this end has no business to send.
    func misplaced(_ header: MessageHeader) -> FrameDisposition {
        relay.metrics.refusedFrames.increment()
        faults += 1
        return faults < DataLink.faultLimit ? .drop : .refuse("messages of the type \(header.type.rawValue)")
    }

    func received(_ opcode: SocketOpcode, _ message: ByteBuffer) {
        if role == nil {
            relay.open(self, message)
        } else {
            relay.received(message, from: self)
        }
    }

    func refused(_ why: String) { relay.refused(why, path) }

    func flushPartner() { partner?.handler?.flush() }

    func writabilityChanged() { relay.writabilityChanged(self) }

    // MARK: Sending

    func send(_ type: MessageType, _ content: some Encodable) {
        handler?.send(.binary, relay.message(type, content))
        handler?.flush()
    }
}
