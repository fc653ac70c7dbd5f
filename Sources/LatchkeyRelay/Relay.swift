// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import FoundationEssentials
internal import LatchkeyCrypto
package import LatchkeyHTTP
package import LatchkeyMetrics
package import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeyTransport
package import Logging
package import NIOCore

/// Joins clients' data channels to agents'.
///
/// All of it happens on one event loop, so that nothing needs a lock and every session is as quick as any other; a machine
/// with more cores runs more relays. Functions that may be called from elsewhere return futures and say so.
package final class Relay: @unchecked Sendable {
    /// Limits of time; the ends know none themselves.
    package struct Limits: Sendable {
        /// Without stream data in either direction.
        package var idle = TimeAmount.minutes(20)
        /// A client that has ended its connection, or for which something between has done that: Latchkey's own says so where it
        /// does not want to come back, and else tries for long; the official one gives up after a few seconds.
        package var clientReturn = (own: TimeAmount.seconds(30), official: TimeAmount.seconds(10))
        /// For the agents to come back to a relay that was started again.
        package var agentReturn = TimeAmount.seconds(15)
        /// An instance's agent that does not come back at all.
        package var agentAway = TimeAmount.minutes(5)
        /// The same while its control channel stands: it has forgotten the session.
        package var agentForgot = TimeAmount.seconds(20)
        /// An end that does not read: from then on the other end is told to pause.
        package var stall = TimeAmount.seconds(15)
        /// For the first frame of a channel.
        package var opening = TimeAmount.seconds(10)
        package var ping = TimeAmount.seconds(25)
        /// For an agent to answer when another process wants its place.
        package var challenge = TimeAmount.seconds(5)
        /// Without a sign of life.
        package var silence = TimeAmount.seconds(75)
        /// For the other end to take note of a session's end, before its connection is closed.
        package var closingTime = TimeAmount.seconds(30)

        package init() {}
    }

    package let loop: any EventLoop
    let metrics: ServerMetrics
    let limits: Limits
    let log: Logger
    let events: any SessionEventSink
    let grants: any GrantSource
    /// Set before the relay is started.
    package var jobs: (any JobReceiver)?
    var sessions: [String: RelaySession] = [:]
    var controls: [String: ControlLink] = [:]
    var tokens: any ChannelTokens
    /// Links that have not shown their token.
    var unauthenticated: [ObjectIdentifier: DataLink] = [:]
    /// Links for which there is no session any more.
    var closingLinks: [ObjectIdentifier: (link: DataLink, until: NIODeadline)] = [:]
    var openingControls: [ObjectIdentifier: ControlLink] = [:]
    /// Requests that wait for an instance's agent.
    var arrivals: [Instance.ID: [EventLoopPromise<ConnectedAgent?>]] = [:]
    /// When a second agent with an instance's registration was turned away last.
    var copies: [Instance.ID: Date] = [:]
    var random = SystemRandomNumberGenerator()
    private var ticker: RepeatedTask?
    /// When it began to listen; nil before.
    private(set) var started: NIODeadline?
    var calm = IdleDetector()

    package init(
        loop: any EventLoop,
        limits: Limits = Limits(),
        metrics: ServerMetrics,
        log: Logger,
        events: any SessionEventSink,
        grants: any GrantSource,
        tokens: any ChannelTokens = LocalChannelTokens()
    ) {
        self.loop = loop
        self.limits = limits
        self.metrics = metrics
        self.log = log
        self.events = events
        self.grants = grants
        self.tokens = tokens
    }

    /// Something has happened on one of the loop's connections, which may be no channel.
    package func noteActivity() { calm.stir() }

    /// Begins to watch the time. To be called on the loop, once.
    package func start() {
        loop.preconditionInEventLoop()
        started = .now()
        ticker = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [weak self] _ in
            self?.tick()
        }
    }

    /// Closes every channel; the ends reconnect to the next relay that listens. Clients hear no goodbye: the official one, which
    /// takes a cut for one and comes back, gives up if it is typed into after that.
    package func stop() {
        loop.preconditionInEventLoop()
        ticker?.cancel()
        for waiting in arrivals.values.joined() { waiting.succeed(nil) }
        arrivals = [:]
        for control in controls.values { control.handler?.close(.goingAway) }
        for session in sessions.values {
            session.client?.handler?.abort()
            session.agent?.handler?.close(.goingAway)
        }
        for link in unauthenticated.values { link.handler?.close(.goingAway) }
        for (link, _) in closingLinks.values { link.handler?.close(.goingAway) }
    }

    // MARK: Channels

    /// What a WebSocket is for on which an instance's agent hears of sessions.
    package func controlChannel(of instanceID: Instance.ID) -> any ChannelDelegate {
        ControlLink(relay: self, instanceID: instanceID)
    }

    /// What a WebSocket is for that is one end of a session.
    ///
    /// - Parameters:
    ///   - admission: of the one who asked; a request without a signature is a client's, which shows its token only.
    ///   - connection: authenticates when the channel joins the session.
    package func dataChannel(
        of sessionID: SessionRecord.ID,
        _ admission: ChannelAdmission,
        connection: TrackedConnection?
    ) -> any ChannelDelegate {
        DataLink(relay: self, path: sessionID, admission: admission, connection: connection)
    }

    /// A channel did something that it must not.
    ///
    /// - Parameter subject: whose channel it is: a session's or an instance's.
    func refused(_ why: String, _ subject: String) {
        metrics.refusedChannels.increment()
        log.warning("channel refused", metadata: ["reason": "\(why)", "subject": "\(subject)"])
    }

    // MARK: The end

    /// Tells a link that there is no session for it any more. Its connection is closed later: the official client takes an
    /// end that comes at once for a cut, and wants to resume.
    func detach(_ link: DataLink, _ sessionID: String, _ reason: String, closingTime: TimeAmount? = nil) {
        unauthenticated[ObjectIdentifier(link)] = nil
        link.leave()
        link.send(.channelClosed, closing(sessionID, reason))
        closingLinks[ObjectIdentifier(link)] = (link, .now() + (closingTime ?? limits.closingTime))
    }

    func detach(_ link: DataLink, _ sessionID: String, _ end: SessionEndReason, closingTime: TimeAmount? = nil) {
        detach(link, sessionID, end.rawValue, closingTime: closingTime)
    }

    private func closing(_ sessionID: String, _ reason: String) -> ChannelClosedContent {
        ChannelClosedContent(stamp: .make(&random), sessionID: sessionID, output: reason)
    }

    /// Ends a session, and tells all who could wait for more.
    func finish(_ session: RelaySession, _ status: SessionStatus, _ reason: String, closingTime: TimeAmount? = nil) {
        guard sessions.removeValue(forKey: session.id) != nil else { return }
        for link in [session.client, session.agent].compactMap({ $0 }) {
            detach(link, session.id, reason, closingTime: closingTime)
        }
        controls[session.target]?.send(.channelClosed, closing(session.id, reason))
        events.ended(session.id, status: status, reason: reason)
        metrics.sessionsEnded.increment()
        log.info("session ended", metadata: ["session": "\(session.id)", "reason": "\(reason)"])
    }

    func finish(
        _ session: RelaySession,
        _ status: SessionStatus,
        _ end: SessionEndReason,
        closingTime: TimeAmount? = nil
    ) {
        finish(session, status, end.rawValue, closingTime: closingTime)
    }

    // MARK: Messages

    /// What a message says that is meant for the relay.
    ///
    /// - Returns: nil, and it is counted, if it is not understood.
    func read(_ message: ByteBuffer) -> (header: MessageHeader, payload: ArraySlice<UInt8>)? {
        let bytes = Array(message.readableBytesView)
        guard let header = try? bytes.withUnsafeBytes({ raw in try MessageHeader(of: raw) }) else {
            metrics.refusedFrames.increment()
            return nil
        }
        return (header, bytes.dropFirst(MessageHeader.size))
    }

    /// A message of the relay's own.
    func message(_ type: MessageType, _ content: some Encodable) -> ByteBuffer {
        let header = MessageHeader(type: type, stamp: .make(&random))
        return ByteBuffer(bytes: header.message(Payload.encode(content)))
    }
}
