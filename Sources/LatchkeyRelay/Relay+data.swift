// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeyTransport
internal import Logging
internal import NIOCore

/// Data channels, and the joining of two.
extension Relay {
    func isYoung(_ session: RelaySession) -> Bool { NIODeadline.now() - session.started < .seconds(15) }

    func opened(_ link: DataLink) {
        calm.stir()
        unauthenticated[ObjectIdentifier(link)] = link
    }

    /// A data channel's first frame.
    func open(_ link: DataLink, _ message: ByteBuffer) {
        guard let opening = Payload.decode(OpenDataChannel.self, message.readableBytesView) else {
            return deny(link, "a data channel that begins otherwise")
        }
        guard let admission = link.admission else { return }
        // Which end it is, is told by who signed its request; what a frame says about that is not asked.
        let isAgent = admission.principal.kind == .instance
        let purpose = isAgent ? ChannelTokenPurpose.agent(sessionID: link.path) : .client(sessionID: link.path)
        guard let grant = tokens.redeem(opening.token, purpose), stands(grant) else {
            return deny(link, "a data channel without a valid token")
        }
        guard let session = sessions[link.path] else {
            // Over since the token was made. The client is told rather than left waiting.
            return detach(link, link.path, .over)
        }
        guard grants.hasAccessKey(ofOwner: session.owner) else {
            return deny(link, "a data channel of a session whose owner has no access key")
        }
        guard admission.authorize(session.resource) else {
            return deny(link, "\(isAgent ? "an agent" : "a user") who may not open this session's channel")
        }
        link.grant = grant
        if isAgent {
            unauthenticated[ObjectIdentifier(link)] = nil
            link.canBeTakenOver = opening.canBeTakenOver ?? false
            attachAgent(link, to: session)
        } else {
            guard opening.instanceID == nil else { return deny(link, "a client that says it is an agent") }
            attachClient(
                link,
                to: session,
                clientID: (opening.clientID ?? "").cut(to: .clientID),
                isNew: opening.isNew
            )
        }
    }

    /// The agent that came back is an official one, and another client has come meanwhile.
    private func refuseTakeover(of session: RelaySession) {
        session.awaitsTakeover = false
        guard session.clientIsAnother, let client = session.client else { return }
        detach(client, session.id, .cannotBeTakenOver)
        clientLeft(session)
    }

    private func deny(_ link: DataLink, _ why: String) {
        refused(why, link.path)
        link.handler?.close(.policyViolation)
    }

    private func attachAgent(_ link: DataLink, to session: RelaySession) {
        if let older = session.agent {
            older.leave()
            older.handler?.close(.normal)
            // What was on its way to it is lost.
            session.lost(from: .client)
        }
        link.join(session, as: .agent)
        session.agent = link
        session.agentAwaySince = nil
        let isFirst = !session.agentWasThere
        session.agentWasThere = true
        if isFirst { log.info("session connected", metadata: ["session": "\(session.id)"]) }
        if !link.canBeTakenOver, session.official == nil {
            session.official = OfficialAgentStream(isAdopted: session.isAdopted)
        }
        if session.awaitsTakeover, !link.canBeTakenOver { refuseTakeover(of: session) }
        events.changed(session.id, status: session.status)
        session.agentReturned()
        session.client?.handler?.resumeReading()
    }

    /// - Parameter isNew: whether the client says that it has heard nothing of the agent yet; official ones say nothing.
    private func attachClient(_ link: DataLink, to session: RelaySession, clientID: String, isNew: Bool?) {
        // After a restart the previous client is unknown. But one that has heard nothing of the agent is none that an agent
        // counts for.
        let isAnother = session.clientWasThere && (session.clientID.map { $0 != clientID } ?? isNew ?? false)
        var isHandedOver = false
        if isAnother {
            if let official = session.official {
                isHandedOver = session.type != .port && official.canBeHandedOver && session.clientID != nil
                if !isHandedOver, session.clientID != nil { return detach(link, session.id, .cannotBeTakenOver) }
            } else {
                session.awaitsTakeover = true
            }
        }
        if let older = session.client {
            session.official?.clientLeft()
            // What was on its way to it is lost.
            session.lost(from: .agent)
            if isAnother {
                detach(older, session.id, .takenOver)
            } else {
                older.leave()
                older.handler?.close(.normal)
            }
        }
        unauthenticated[ObjectIdentifier(link)] = nil
        link.join(session, as: .client)
        session.client = link
        session.clientIsAnother = isAnother && session.clientID != nil
        // How far a client of an earlier relay is, shows in what it sends.
        if session.type != .port || isNew != nil {
            session.pluginHandshake = nil
        } else if isAnother || session.clientID == nil {
            session.pluginHandshake = PluginHandshake()
        } else {
            session.pluginHandshake?.clientReturned()
        }
        session.clientID = clientID
        session.clientIsOwn = isNew != nil
        session.clientWasThere = true
        session.clientAwaySince = nil
        session.lastActivity = .now()
        if isHandedOver { handOver(session, to: link) }
        session.clientReturned()
        session.agent?.handler?.resumeReading()
        events.changed(session.id, status: session.status)
    }

    /// What becomes of a message between the ends.
    func classify(_ header: MessageHeader, from link: DataLink) -> FrameDisposition {
        guard let session = link.session else { return .drop }
        switch (link.role, header.type) {
        case (.client, .input), (.agent, .output):
            session.lastActivity = .now()
            if link.role == .client, header.payloadType == PayloadType.output.rawValue { session.hasInput = true }
            fallthrough
        case (.client, .acknowledge), (.agent, .acknowledge):
            let role = link.role ?? .client
            // What of it the client has, and has not, is looked at; and official agents send little at a time.
            if let official = session.official {
                let isOutput = header.type == .output || (role == .client && header.type == .acknowledge)
                if isOutput || !official.isPlain { return .gather }
                if header.type == .input, session.agent != nil { _ = session.official?.passesInput(header.sequence) }
            }
            if role == .client { session.passesInput(header) }
            // What the agent still sends to the client before will never be asked for.
            if role == .agent && session.awaitsTakeover { return .drop }
            let isHeld = role == .client ? session.awaitsTakeover : session.isPaused
            guard !isHeld, let target = link.partner?.handler else {
                session.lost(from: role)
                return .drop
            }
            if role == .agent, session.pluginHandshake != nil { return .gather }
            metrics.frames.increment()
            calm.stir()
            return .pass(target)
        case (.agent, .sessionState), (.agent, .clientAttached): return .gather
        default: return link.misplaced(header)
        }
    }

    /// A message of an agent that is meant for the relay.
    func received(_ message: ByteBuffer, from link: DataLink) {
        guard let session = link.session, let (header, payload) = read(message), !payload.isEmpty else { return }
        // It began before another client came, for which it is not meant.
        let isStream = header.type == .output || header.type == .acknowledge
        if link.role == .agent, isStream, session.awaitsTakeover, session.official == nil { return }
        switch header.type {
        case .output: keep(message, header, of: session, from: link)
        case .input:
            guard session.agent != nil else { return session.lost(from: .client) }
            let renumbered = session.official?.forAgent(message, header.sequence)
            pass(renumbered ?? message, to: session.agent, in: session, from: .client)
        case .acknowledge:
            let content = Array(payload).withUnsafeBytes { AcknowledgeContent(payload: $0) }
            if link.role == .agent {
                acknowledgeInput(message, content, in: session)
            } else {
                acknowledgeOutput(message, content, in: session)
            }
        case .clientAttached:
            session.awaitsTakeover = false
            session.resumeClient()
        case .sessionState:
            let content = Payload.decode(SessionStateContent.self, payload)
            if content?.state == "Terminating" { agentEnded(session, .terminated, "") }
        default: break
        }
    }

    /// Notes what an official agent says, and passes it on.
    private func keep(_ message: ByteBuffer, _ header: MessageHeader, of session: RelaySession, from link: DataLink) {
        // While it is paused, what is kept is sent when the client reads again.
        let client = session.isPaused ? nil : session.client
        switch session.official?.take(message, header, isSent: client != nil) {
        case .acknowledged:
            let stamp = MessageStamp.make(&random)
            let answer = AcknowledgeContent.message(of: .output, id: header.id, sequence: header.sequence, stamp: stamp)
            link.handler?.send(.binary, ByteBuffer(bytes: answer))
            link.handler?.flush()
        case .pass(let message): pass(message, to: client, in: session, from: .agent)
        case .drop: metrics.refusedFrames.increment()
        case nil: pass(message, to: client, in: session, from: .agent)
        }
    }

    /// A client's word that it has something of an official agent's.
    private func acknowledgeOutput(_ message: ByteBuffer, _ content: AcknowledgeContent?, in session: RelaySession) {
        defer { endIfDone(session) }
        guard let content, content.type == MessageType.output.rawValue, let official = session.official else {
            return pass(message, to: session.agent, in: session, from: .client)
        }
        let sequence = session.official?.acknowledged(content.sequence)
        session.agent?.handler?.resumeReading()
        if official.isPlain { return pass(message, to: session.agent, in: session, from: .client) }
        guard let sequence else { return }
        let bytes = content.renumbered(sequence, stamp: .make(&random))
        pass(ByteBuffer(bytes: bytes), to: session.agent, in: session, from: .client)
    }

    /// An agent's word that it has something of a client's that is not its first one, or not ready yet.
    private func acknowledgeInput(_ message: ByteBuffer, _ content: AcknowledgeContent?, in session: RelaySession) {
        guard let official = session.official, !official.isPlain else {
            return pass(message, to: session.client, in: session, from: .agent)
        }
        guard let content, content.type == MessageType.input.rawValue,
            let sequence = official.clientInput(content.sequence)
        else { return }
        let bytes = content.renumbered(sequence, stamp: .make(&random))
        pass(ByteBuffer(bytes: bytes), to: session.client, in: session, from: .agent)
    }

    /// Shows another client of an official agent's shell what was last to be seen there, and counts for it from now on.
    private func handOver(_ session: RelaySession, to link: DataLink) {
        let payloads = session.official?.handOver() ?? []
        for (sequence, payload) in payloads.enumerated() {
            let header = MessageHeader(
                type: .output,
                stamp: .make(&random),
                sequence: Int64(sequence),
                payloadType: .output
            )
            link.handler?.send(.binary, ByteBuffer(bytes: header.message(payload)))
        }
        link.handler?.flush()
    }

    private func pass(_ message: ByteBuffer, to link: DataLink?, in session: RelaySession, from role: DataLink.Role) {
        guard let handler = link?.handler else { return session.lost(from: role) }
        metrics.frames.increment()
        calm.stir()
        if role == .agent { session.sendToClient(message) } else { handler.send(.binary, message) }
        handler.flush()
    }

    /// What an agent was to do is done. The session ends when its client has everything.
    func agentEnded(_ session: RelaySession, _ status: SessionStatus, _ reason: String) {
        guard session.official?.isEmpty == false else { return finish(session, status, reason) }
        if session.ending == nil { session.ending = RelaySession.Ending(status: status, reason: reason) }
    }

    /// Ends a session whose agent is done, once its client has everything, or has been away for too long.
    func endIfDone(_ session: RelaySession) {
        guard let ending = session.ending, let stream = session.official else { return }
        let isLate = NIODeadline.now() - ending.since > limits.agentAway
        if stream.isEmpty || isLate { return finish(session, ending.status, ending.reason) }
        guard let handler = session.client?.handler, stream.isSent else { return }
        // A sign of life that comes after everything was sent, says that it has arrived.
        if let asked = ending.asked {
            if handler.lastHeard > asked { finish(session, ending.status, ending.reason) }
        } else {
            session.ending?.asked = .now()
            handler.ping()
            handler.flush()
        }
    }

    /// - Parameter wasLeft: whether the other side has ended the connection itself.
    func closed(_ link: DataLink, wasLeft: Bool) {
        calm.stir()
        unauthenticated[ObjectIdentifier(link)] = nil
        closingLinks[ObjectIdentifier(link)] = nil
        guard let session = link.session else { return }
        if session.client === link {
            session.clientWasLeft = wasLeft
            clientLeft(session)
        } else if session.agent === link {
            session.agent = nil
            // One that is done does not come back.
            if session.ending != nil { return }
            session.agentAwaySince = .now()
            session.pauseClient()
            session.client?.handler?.resumeReading()
        }
    }

    func clientLeft(_ session: RelaySession) {
        session.client = nil
        session.official?.clientLeft()
        session.clientAwaySince = .now()
        if session.agent != nil { session.pauseAgent() }
        session.agent?.handler?.resumeReading()
        events.changed(session.id, status: session.status)
    }

    func writabilityChanged(_ link: DataLink) {
        guard link.handler?.isWritable == true, let session = link.session else { return }
        if link.role == .client {
            session.stalledSince = nil
            if session.isPaused {
                session.repeatOutput()
                session.resumeAgent()
            }
        }
        link.partner?.handler?.resumeReading()
    }
}
