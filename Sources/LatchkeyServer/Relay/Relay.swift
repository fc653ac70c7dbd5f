// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
package import LatchkeyModel
internal import LatchkeyRelay
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
        /// An instance's agent that does not come back at all.
        package var agentAway = TimeAmount.minutes(5)
        /// The same while its control channel stands: it has forgotten the session.
        package var agentForgot = TimeAmount.seconds(20)
        /// Somebody who does not read: from then on the other end is told to hold still.
        package var stall = TimeAmount.seconds(15)
        /// For the first frame of a channel.
        package var opening = TimeAmount.seconds(10)
        package var ping = TimeAmount.seconds(25)
        /// Without a sign of life.
        package var silence = TimeAmount.seconds(75)
        /// For the other end to take note of a session's end, before its connection is closed.
        package var farewell = TimeAmount.seconds(30)

        package init() {}
    }

    package let loop: any EventLoop
    let metrics: Metrics
    private let limits: Limits
    private let log: Logger
    private let journal: any SessionJournal
    private var sessions: [String: RelaySession] = [:]
    private var controls: [String: ControlLink] = [:]
    private var tokens = Tokens()
    /// Links that belong to no session: those that have not shown their token, and those whose session has ended.
    private var strangers: [ObjectIdentifier: DataLink] = [:]
    private var farewells: [ObjectIdentifier: (link: DataLink, until: NIODeadline)] = [:]
    private var openingControls: [ObjectIdentifier: ControlLink] = [:]
    private var random = SystemRandomNumberGenerator()
    private var ticker: RepeatedTask?

    package init(
        loop: any EventLoop,
        limits: Limits = Limits(),
        metrics: Metrics,
        log: Logger,
        journal: any SessionJournal
    ) {
        self.loop = loop
        self.limits = limits
        self.metrics = metrics
        self.log = log
        self.journal = journal
    }

    /// Begins to watch the time. To be called on the loop, once.
    func start() {
        loop.preconditionInEventLoop()
        ticker = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [weak self] _ in
            self?.tick()
        }
    }

    /// Closes every channel; the ends come back to whoever listens next.
    func stop() {
        loop.preconditionInEventLoop()
        ticker?.cancel()
        for control in controls.values { control.handler?.close(.goingAway) }
        for session in sessions.values {
            session.client?.handler?.close(.goingAway)
            session.agent?.handler?.close(.goingAway)
        }
        for link in strangers.values { link.handler?.close(.goingAway) }
        for (link, _) in farewells.values { link.handler?.close(.goingAway) }
    }

    // MARK: What operations ask for, from any thread

    /// What is known of an agent that is there.
    struct Presence: Sendable {
        let agentVersion: String?
        let isOwn: Bool
    }

    /// Any thread. Nil if the instance's agent is not there.
    func presence(of instanceID: String) -> EventLoopFuture<Presence?> {
        loop.submit { self.presenceNow(instanceID) }
    }

    private func presenceNow(_ instanceID: String) -> Presence? {
        controls[instanceID].map { Presence(agentVersion: $0.agentVersion, isOwn: $0.isOwn) }
    }

    /// Any thread. The instances whose agents are there.
    func connected() -> EventLoopFuture<Set<String>> { loop.submit { Set(self.controls.keys) } }

    /// Any thread. Tells the agent to start a session, and makes the client's token.
    ///
    /// - Returns: nil if the agent has gone meanwhile.
    func begin(_ task: SessionTask, of record: SessionRecord, type: SessionType) -> EventLoopFuture<String?> {
        loop.submit {
            guard let control = self.controls[record.target] else { return nil }
            let session = RelaySession(
                id: record.id,
                target: record.target,
                type: type,
                mustNotPause: type == .command && !control.isOwn,
                end: Relay.end(of: record)
            )
            self.sessions[record.id] = session
            control.send(
                .startSession,
                TaskEnvelope(
                    taskID: record.id,
                    topic: MessageType.startSession.rawValue,
                    content: String(decoding: Payload.encode(task), as: UTF8.self)
                )
            )
            self.metrics.count(.sessionsStarted)
            return self.tokens.make(.client(sessionID: record.id))
        }
    }

    /// When a session ends whatever happens, counted from its start, which may have been in another process.
    private static func end(of record: SessionRecord) -> NIODeadline? {
        guard let minutes = record.maxDuration else { return nil }
        let left = Double(minutes) * 60 + record.started.timeIntervalSinceNow
        return .now() + .seconds(Int64(max(0, left)))
    }

    /// Any thread. Takes up a session again that the store knows and this relay does not, as after a restart.
    func adopt(_ record: SessionRecord, type: SessionType) -> EventLoopFuture<Void> {
        loop.submit {
            guard self.sessions[record.id] == nil else { return }
            let session = RelaySession(
                id: record.id,
                target: record.target,
                type: type,
                mustNotPause: false,
                end: Relay.end(of: record)
            )
            session.agentWasThere = true
            session.clientWasThere = true
            self.sessions[record.id] = session
        }
    }

    /// Any thread. A token for the client of a session; nil if the session is over.
    func clientToken(for sessionID: String) -> EventLoopFuture<String?> {
        loop.submit {
            self.sessions[sessionID] == nil ? nil : self.tokens.make(.client(sessionID: sessionID))
        }
    }

    enum AgentTokenAnswer: Sendable {
        case token(String)
        case over
        /// The session is another instance's.
        case denied
    }

    /// Any thread.
    func agentToken(for sessionID: String, instanceID: String) -> EventLoopFuture<AgentTokenAnswer> {
        loop.submit {
            guard let session = self.sessions[sessionID] else { return .over }
            guard session.target == instanceID else { return .denied }
            return .token(self.tokens.make(.agent(sessionID: sessionID)))
        }
    }

    /// Any thread.
    func controlToken(for instanceID: String) -> EventLoopFuture<String> {
        loop.submit { self.tokens.make(.control(instanceID: instanceID)) }
    }

    /// Any thread. Ends a session; false if there is none.
    func terminate(_ sessionID: String, reason: String) -> EventLoopFuture<Bool> {
        loop.submit {
            guard let session = self.sessions[sessionID] else { return false }
            self.finish(session, .terminated, reason)
            return true
        }
    }

    // MARK: Control channels

    func opened(_ link: ControlLink) { openingControls[ObjectIdentifier(link)] = link }

    func open(_ link: ControlLink, _ message: ByteBuffer) {
        openingControls[ObjectIdentifier(link)] = nil
        guard let opening = Payload.decode(OpenControlChannel.self, message.readableBytesView),
            tokens.redeem(opening.token, .control(instanceID: link.instanceID))
        else {
            refused("a control channel without a valid token", link)
            link.handler?.close(.policyViolation)
            return
        }
        link.isOpen = true
        link.agentVersion = opening.agentVersion.map { String($0.prefix(64)) }
        link.isOwn = opening.sessions != nil
        // The newest wins: the older one may be a connection that is dead and does not know it.
        let older = controls.updateValue(link, forKey: link.instanceID)
        older?.handler?.close(.normal)
        log.info("agent connected", metadata: ["instance": "\(link.instanceID)"])
        journal.pinged(link.instanceID)
        guard let alive = opening.sessions else { return }
        for session in sessions.values where session.target == link.instanceID && !alive.contains(session.id) {
            // One that is just being started is not known there yet.
            if session.agentWasThere {
                finish(session, .failed, "the agent was started anew, the session ended with it")
            }
        }
    }

    func closed(_ link: ControlLink) {
        openingControls[ObjectIdentifier(link)] = nil
        guard controls[link.instanceID] === link else { return }
        controls[link.instanceID] = nil
        log.info("agent disconnected", metadata: ["instance": "\(link.instanceID)"])
    }

    func received(_ message: ByteBuffer, from link: ControlLink) {
        let bytes = Array(message.readableBytesView)
        let header: MessageHeader
        do {
            header = try bytes.withUnsafeBytes { raw throws(MessageHeader.Fault) in try MessageHeader(of: raw) }
        } catch {
            metrics.count(.refusedFrames)
            return
        }
        guard header.type == .taskComplete else {
            // Telemetry and replies to tasks that were never given: an agent may send them, nobody reads them.
            return
        }
        guard let content = Payload.decode(TaskCompleteContent.self, bytes.dropFirst(MessageHeader.size)) else {
            metrics.count(.refusedFrames)
            return
        }
        link.send(
            .taskAcknowledge,
            TaskAcknowledgeContent(messageID: header.id.description, taskID: content.taskID, topic: content.topic)
        )
        guard let session = sessions[content.taskID], session.target == link.instanceID else { return }
        if content.finalStatus == "Success" {
            finish(session, .terminated, "")
        } else {
            let words = (content.output ?? "").prefix(500)
            finish(session, .failed, words.isEmpty ? "the agent could not run the session" : String(words))
        }
    }

    // MARK: Data channels

    func isYoung(_ session: RelaySession) -> Bool { NIODeadline.now() - session.started < .seconds(15) }

    func opened(_ link: DataLink) { strangers[ObjectIdentifier(link)] = link }

    /// A data channel's first frame.
    func open(_ link: DataLink, _ message: ByteBuffer) {
        guard let opening = Payload.decode(OpenDataChannel.self, message.readableBytesView) else {
            return deny(link, "a data channel that begins otherwise")
        }
        // The end that signed its request is an agent; what a frame says about that is not asked.
        let purpose = link.signer == nil ? Tokens.Purpose.client(sessionID: link.path) : .agent(sessionID: link.path)
        guard tokens.redeem(opening.token, purpose) else { return deny(link, "a data channel without a valid token") }
        guard let session = sessions[link.path] else {
            // Over since the token was made. The client is told rather than left waiting.
            link.send(.channelClosed, closed(link.path, "the session is over"))
            strangers[ObjectIdentifier(link)] = nil
            farewells[ObjectIdentifier(link)] = (link, .now() + limits.farewell)
            return
        }
        if let signer = link.signer {
            guard signer == session.target else { return deny(link, "an agent that asks for another's session") }
            strangers[ObjectIdentifier(link)] = nil
            link.canBeTakenOver = opening.canBeTakenOver ?? false
            attachAgent(link, to: session)
        } else {
            guard opening.instanceID == nil else { return deny(link, "a client that says it is an agent") }
            attachClient(link, to: session, clientID: String((opening.clientID ?? "").prefix(128)))
        }
    }

    private func deny(_ link: DataLink, _ why: String) {
        refused(why, link)
        link.handler?.close(.policyViolation)
    }

    private func attachAgent(_ link: DataLink, to session: RelaySession) {
        if let older = session.agent {
            older.leave()
            older.handler?.close(.normal)
            // What was on its way to it is lost.
            session.clientMustResend = true
        }
        link.join(session, as: .agent)
        session.agent = link
        session.agentAwaySince = nil
        let isFirst = !session.agentWasThere
        session.agentWasThere = true
        session.isPaused = false
        if isFirst { log.info("session connected", metadata: ["session": "\(session.id)"]) }
        journal.changed(session.id, status: .connected)
        if session.awaitsTakeover { link.send(.clientAttached, SessionName(sessionID: session.id)) }
        if session.client == nil && session.clientWasThere { pause(session) }
        if session.clientMustResend, let client = session.client {
            session.clientMustResend = false
            client.send(.startPublication, SessionName(sessionID: session.id))
        }
        session.client?.handler?.resumeReading()
    }

    private func attachClient(_ link: DataLink, to session: RelaySession, clientID: String) {
        let isAnother = session.clientWasThere && session.clientID.map { $0 != clientID } ?? false
        if isAnother {
            guard session.agent?.canBeTakenOver ?? true else {
                strangers[ObjectIdentifier(link)] = nil
                farewells[ObjectIdentifier(link)] = (link, .now() + limits.farewell)
                link.send(
                    .channelClosed,
                    closed(session.id, "the instance's agent cannot hand a running session to another client")
                )
                return
            }
            session.awaitsTakeover = true
        }
        if let older = session.client {
            older.leave()
            // What was on its way to it is lost.
            session.agentMustResend = true
            if isAnother {
                older.send(.channelClosed, closed(session.id, "another client has taken the session over"))
                farewells[ObjectIdentifier(older)] = (older, .now() + limits.farewell)
            } else {
                older.handler?.close(.normal)
            }
        }
        strangers[ObjectIdentifier(link)] = nil
        link.join(session, as: .client)
        session.client = link
        session.clientID = clientID
        session.clientWasThere = true
        session.clientAwaySince = nil
        session.lastActivity = .now()
        if session.awaitsTakeover { session.agent?.send(.clientAttached, SessionName(sessionID: session.id)) }
        if session.isPaused || session.agentMustResend {
            session.isPaused = false
            session.agentMustResend = false
            session.agent?.send(.startPublication, SessionName(sessionID: session.id))
        }
        session.agent?.handler?.resumeReading()
        journal.changed(session.id, status: session.agent == nil ? .connecting : .connected)
    }

    /// What becomes of a message between the ends.
    func judge(_ header: MessageHeader, from link: DataLink) -> Verdict {
        guard let session = link.session else { return .drop }
        switch (link.role, header.type) {
        case (.client, .input), (.agent, .output):
            session.lastActivity = .now()
            fallthrough
        case (.client, .acknowledge), (.agent, .acknowledge):
            if link.role == .agent && session.awaitsTakeover { return .drop }
            if link.role == .client && session.awaitsTakeover { return dropped(session, .client) }
            guard !session.isPaused || link.role == .client, let target = link.partner?.handler else {
                return dropped(session, link.role ?? .client)
            }
            metrics.count(.frames)
            return .pass(target)
        case (.agent, .sessionState), (.agent, .clientAttached): return .gather
        default: return link.misplaced(header)
        }
    }

    private func dropped(_ session: RelaySession, _ role: DataLink.Role) -> Verdict {
        switch role {
        case .client: session.clientMustResend = true
        case .agent: session.agentMustResend = true
        }
        return .drop
    }

    /// A message of an agent that is meant for the relay.
    func received(_ message: ByteBuffer, from link: DataLink) {
        let bytes = Array(message.readableBytesView)
        guard let session = link.session, bytes.count > MessageHeader.size,
            let header = try? bytes.withUnsafeBytes({ raw in try MessageHeader(of: raw) })
        else { return }
        switch header.type {
        case .clientAttached:
            session.awaitsTakeover = false
            if session.clientMustResend {
                session.clientMustResend = false
                session.client?.send(.startPublication, SessionName(sessionID: session.id))
            }
        case .sessionState:
            let content = Payload.decode(SessionStateContent.self, bytes.dropFirst(MessageHeader.size))
            if content?.state == "Terminating" { finish(session, .terminated, "") }
        default: break
        }
    }

    func closed(_ link: DataLink) {
        strangers[ObjectIdentifier(link)] = nil
        farewells[ObjectIdentifier(link)] = nil
        guard let session = link.session else { return }
        if session.client === link {
            session.client = nil
            session.clientAwaySince = .now()
            if session.agent != nil { pause(session) }
            session.agent?.handler?.resumeReading()
            journal.changed(session.id, status: .disconnected)
        } else if session.agent === link {
            session.agent = nil
            session.agentAwaySince = .now()
            session.client?.send(.pausePublication, SessionName(sessionID: session.id))
            session.clientMustResend = true
            session.client?.handler?.resumeReading()
        }
    }

    private func pause(_ session: RelaySession) {
        session.agentMustResend = true
        guard !session.isPaused else { return }
        session.isPaused = true
        guard !session.mustNotPause else { return }
        session.agent?.send(.pausePublication, SessionName(sessionID: session.id))
    }

    func writabilityChanged(_ link: DataLink) {
        guard link.handler?.isWritable == true, let session = link.session else { return }
        if link.role == .client {
            session.stalledSince = nil
            if session.isPaused {
                session.isPaused = false
                session.agentMustResend = false
                session.agent?.send(.startPublication, SessionName(sessionID: session.id))
            }
        }
        link.partner?.handler?.resumeReading()
    }

    func refused(_ why: String, _ link: any Link) {
        metrics.count(.refusedChannels)
        let subject =
            switch link {
            case let link as DataLink: link.path
            case let link as ControlLink: link.instanceID
            default: ""
            }
        log.warning("channel refused", metadata: ["reason": "\(why)", "subject": "\(subject)"])
    }

    // MARK: The end

    private func closed(_ sessionID: String, _ reason: String) -> ChannelClosedContent {
        ChannelClosedContent(stamp: .make(&random), sessionID: sessionID, output: reason)
    }

    /// Ends a session, and tells all who could wait for more.
    private func finish(_ session: RelaySession, _ status: SessionStatus, _ reason: String) {
        guard sessions.removeValue(forKey: session.id) != nil else { return }
        let content = closed(session.id, reason)
        for link in [session.client, session.agent].compactMap({ $0 }) {
            link.leave()
            link.send(.channelClosed, content)
            // Not closed at once: the official client takes that for a cut and wants to resume.
            farewells[ObjectIdentifier(link)] = (link, .now() + limits.farewell)
        }
        controls[session.target]?.send(.channelClosed, content)
        journal.ended(session.id, status: status, reason: reason)
        metrics.count(.sessionsEnded)
        log.info("session ended", metadata: ["session": "\(session.id)", "reason": "\(reason)"])
    }

    private func tick() {
        let now = NIODeadline.now()
        tokens.dropExpired()
        for link in openingControls.values where now - link.opened > limits.opening {
            link.handler?.close(.policyViolation)
        }
        for link in strangers.values where now - link.opened > limits.opening { link.handler?.close(.policyViolation) }
        for (link, until) in farewells.values where now > until { link.handler?.close(.normal) }
        for control in controls.values { keepAlive(control.handler, now) }
        for session in sessions.values {
            keepAlive(session.client?.handler, now)
            keepAlive(session.agent?.handler, now)
            watch(session, now)
        }
        metrics.set(.agents, controls.count)
        metrics.set(.sessions, sessions.count)
    }

    private func watch(_ session: RelaySession, _ now: NIODeadline) {
        if let end = session.end, now >= end {
            return finish(session, .terminated, "the session has reached its time limit")
        }
        if now - session.lastActivity > limits.idle {
            return finish(session, .terminated, "the session was idle for too long")
        }
        if let since = session.agentAwaySince {
            if !session.agentWasThere, now - since > .seconds(30) {
                return finish(session, .failed, "the instance's agent did not open the session")
            }
            if controls[session.target] != nil, session.agentWasThere, now - since > limits.agentForgot {
                return finish(session, .failed, "the instance's agent did not come back to the session")
            }
            if now - since > limits.agentAway { return finish(session, .failed, "the instance's agent went away") }
        }
        // A client that does not read must not keep the agent from hearing a ping.
        if let client = session.client?.handler, !client.isWritable {
            if let since = session.stalledSince {
                if now - since > limits.stall, !session.isPaused { pause(session) }
                session.agent?.handler?.resumeReading()
            } else {
                session.stalledSince = now
            }
        }
    }

    private func keepAlive(_ handler: SocketHandler?, _ now: NIODeadline) {
        guard let handler else { return }
        if now - handler.lastHeard > limits.silence {
            handler.close(.goingAway)
        } else if now - handler.lastHeard > limits.ping && now - handler.lastPing > limits.ping {
            handler.ping()
        }
    }

    /// A message of the relay's own.
    func message(_ type: MessageType, _ content: some Encodable) -> ByteBuffer {
        let header = MessageHeader(type: type, stamp: .make(&random))
        return ByteBuffer(bytes: header.message(Payload.encode(content)))
    }
}

/// What little a message of the relay says: the official ends read none of it, but could not take an empty one.
struct SessionName: Codable {
    var sessionID: String
    private enum CodingKeys: String, CodingKey { case sessionID = "SessionId" }
}

/// Where the relay notes what becomes of sessions. Nothing waits for it.
package protocol SessionJournal: Sendable {
    func changed(_ sessionID: String, status: SessionStatus)
    func ended(_ sessionID: String, status: SessionStatus, reason: String)
    func pinged(_ instanceID: String)
}
