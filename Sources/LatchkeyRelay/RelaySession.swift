// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeyTransport
internal import NIOCore

/// One use of the relay, as long as it lives: the two ends, as far as they are there, and what it waits for.
final class RelaySession {
    let id: String
    /// The instance.
    let target: String
    /// The ARN of who started it.
    let owner: String
    let type: SessionType
    let started = NIODeadline.now()
    /// When it ends whatever happens; nil for never.
    let end: NIODeadline?
    var client: DataLink?
    var agent: DataLink?
    /// Tells the client that comes back from one that takes its place.
    var clientID: String?
    /// Whether it is Latchkey's own; unknown after a restart.
    var clientIsOwn = true
    /// Another one was there before for certain.
    var clientIsAnother = false
    var lastActivity: NIODeadline
    var clientAwaySince: NIODeadline?
    var agentAwaySince: NIODeadline?
    /// Whether another relay had it before.
    private(set) var isAdopted = false
    var agentWasThere = false
    var clientWasThere = false
    /// The agent has not said yet that it counts anew for another client: what it sends is for the one before.
    var awaitsTakeover = false
    /// The agent was told to hold still, and what it sends all the same is dropped.
    private(set) var isPaused = false
    /// Something was dropped for want of the other end, or may have been, and must be sent again.
    private var clientMustResend = false
    private var agentMustResend = false
    /// The client's program has ended its connection itself, as far as that can be seen.
    var clientWasLeft = false
    /// The client has sent something that was typed, or is a port's.
    var hasInput = false
    /// A side does not read although there is something for it.
    var stalledSince: NIODeadline?
    /// What has to be known of an official agent's streams; nil unless the agent is one.
    var official: OfficialAgentStream?
    /// What an official plugin has to be spared until it is ready; nil for every other client, and after that.
    var pluginHandshake: PluginHandshake?
    /// How it ends once the client has everything; nil while it goes on.
    var ending: Ending?

    struct Ending {
        let status: SessionStatus
        let reason: String
        let since = NIODeadline.now()
        /// When the client was asked for a sign of life, behind everything; nil if it is to be asked yet.
        var asked: NIODeadline?
    }

    /// What a policy knows it as.
    var resource: Resource { .session(id, owner: owner, target: target) }

    init(_ record: SessionRecord, type: SessionType, end: NIODeadline?) {
        id = record.id
        target = record.target
        owner = record.owner
        self.type = type
        self.end = end
        lastActivity = started
        agentAwaySince = started
        clientAwaySince = started
    }

    /// Goes on with a session that an earlier relay had. Whatever was under way in that one is lost.
    func adopt() {
        isAdopted = true
        (agentWasThere, clientWasThere) = (true, true)
        (agentMustResend, clientMustResend) = (true, true)
        hasInput = true
    }

    /// As DescribeSessions tells it.
    var status: SessionStatus {
        if client == nil && clientWasThere { return .disconnected }
        return client == nil || agent == nil ? .connecting : .connected
    }

    /// Whether it is of no use any more once its client has gone by itself: no other client can use a command, and nothing is
    /// lost with a shell into which nothing was typed, as when the official client finds no terminal.
    var isOverWithItsClient: Bool { clientWasLeft && (type == .command || !hasInput) }

    private var name: SessionName { SessionName(sessionID: id) }

    /// Whether the agent is the official one and stops a command's output for ever when it is told to pause.
    private var mustNotPause: Bool { type == .command && agent?.canBeTakenOver != true }

    // MARK: Holding and sending again

    /// What an end sent was not passed on, or was lost on its way.
    func lost(from role: DataLink.Role) {
        switch role {
        case .client: clientMustResend = true
        case .agent: agentMustResend = true
        }
    }

    /// No client takes what the agent sends.
    func pauseAgent() {
        agentMustResend = true
        guard !isPaused else { return }
        isPaused = true
        if !mustNotPause { agent?.send(.pausePublication, name) }
    }

    /// A client is there that takes it. Where the agent is not, it is told when it comes.
    func resumeAgent() {
        isPaused = false
        guard agentMustResend, let agent else { return }
        agentMustResend = false
        agent.send(.startPublication, name)
    }

    /// Sends the client a whole message of the agent's, as soon as the client can bear it.
    func sendToClient(_ message: ByteBuffer) {
        guard let handler = client?.handler else { return }
        guard pluginHandshake != nil else { return handler.send(.binary, message) }
        for message in pluginHandshake?.take(message) ?? [] { handler.send(.binary, message) }
    }

    /// A message of the client's goes to the agent.
    func passesInput(_ header: MessageHeader) {
        guard let held = pluginHandshake?.passes(header) else { return }
        if pluginHandshake?.isOver == true { pluginHandshake = nil }
        sendHeld(held)
    }

    /// Keeps nothing from the client for too long.
    func releaseLateHandshake() { sendHeld(pluginHandshake?.releaseLate(.now()) ?? []) }

    private func sendHeld(_ messages: [ByteBuffer]) {
        guard !messages.isEmpty, let handler = client?.handler else { return }
        for message in messages { handler.send(.binary, message) }
        handler.flush()
    }

    /// Sends what was kept to a client that has come back.
    func repeatOutput() {
        guard let messages = official?.repeatAll() else { return }
        for message in messages { sendToClient(message) }
        client?.handler?.flush()
    }

    /// The agent has a new connection, which has not been told anything yet.
    func agentReturned() {
        // What has come while no client read.
        if isPaused, client != nil { repeatOutput() }
        isPaused = false
        announceTakeover()
        if client != nil {
            resumeAgent()
        } else if clientWasThere {
            pauseAgent()
        }
        if !awaitsTakeover { resumeClient() }
    }

    /// The client has a new connection, which has not been told anything yet.
    func clientReturned() {
        announceTakeover()
        repeatOutput()
        ending?.asked = nil
        resumeAgent()
        if agent == nil {
            if agentWasThere && ending == nil { pauseClient() }
        } else if !awaitsTakeover {
            resumeClient()
        }
    }

    /// An agent is there that takes what the client sends.
    func resumeClient() {
        guard clientMustResend, let client else { return }
        clientMustResend = false
        client.send(.startPublication, name)
    }

    /// The agent is away: the client keeps what it has.
    func pauseClient() {
        clientMustResend = true
        client?.send(.pausePublication, name)
    }

    /// Tells the agent that another client is there, whose counting begins anew.
    func announceTakeover() {
        if awaitsTakeover { agent?.send(.clientAttached, name) }
    }
}
