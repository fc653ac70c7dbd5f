// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeyRelayClient
internal import LatchkeySSH
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTerminal

/// The steps of a plan as they are taken: over the network, with this machine's keys.
final class NetworkEntryActions: EntryActions {
    private let broker: Broker
    private let options: Broker.Options
    private let run: Broker.Run
    /// By which an agent is to have answered, on ``SystemClock``.
    private let deadline: Int64
    /// What was entered.
    private var entry: Broker.EntryResult?

    init(_ broker: Broker, _ options: Broker.Options, _ run: Broker.Run) {
        self.broker = broker
        self.options = options
        self.run = run
        deadline = SystemClock.milliseconds() + Int64(options.timeout) * 1000
    }

    /// What the last step has entered; nil before one has, and once it was taken.
    func takeEntry() -> Broker.EntryResult? { entry.take() }

    func note(_ message: String) { broker.interaction.note(message) }

    func trace(_ message: String) { broker.trace.step(message) }

    func askAgent(_ plan: EntryPlan) -> AgentPresence {
        guard let relay = broker.relay else { return .absent }
        let presence = relay.presence(of: plan.instance)
        if let message = presence.message { trace(message) }
        return presence
    }

    func enterByOwnKeys(_ plan: EntryPlan, over road: Road) throws {
        var options = options
        // Where other roads are left, addresses that do not answer are not waited for long.
        options.road = road == .ssh ? plan.road : road
        entry = .ssh(try broker.logIn(by: plan, options), over: road)
    }

    /// The key is made now, lives in this process's memory, and is let in for 60 seconds, which is for this one login. That it
    /// was let in is not remembered.
    ///
    /// - Throws: `loginRefused` if the instance does not take it, `requestRefused` if it cannot be pushed, and what a login
    ///   throws.
    func enterByPushedKey(
        _ plan: EntryPlan,
        over roads: [Road],
        _ pushing: Pushing,
        because reason: LatchkeyError?
    ) throws {
        let relay = try broker.requireRelay()
        let key: PrivateKey
        do throws(KeyFault) { key = try PrivateKey.oneTime() } catch {
            throw LatchkeyError(.keyUnusable, "a key for this connection cannot be made: it \(error.reason)")
        }
        let user = try Names.user(plan.user.name)
        // Where it may be in vain, less time is spent on it.
        let timeout = pushing == .supported ? RelayClient.timeout : RelayClient.timeout / 2
        try relay.push(key.publicKey, to: plan.instance, user: user, timeout: timeout)
        if let reason { note("\(reason.message); pushing a key made for this connection") }
        let proposal = KeyProposal(
            candidate: KeyCandidate(source: .memory, publicKey: key.publicKey),
            evidence: nil,
            signer: key
        )
        // Its host key may have been pinned a moment ago; the user is not asked twice.
        let instance = try broker.control.instances(withIDs: [plan.instance.id]).first ?? plan.instance
        var options = options
        for road in roads {
            options.road = road == .ssh && roads.count > 1 ? nil : road
            do {
                var authenticator = KeyAuthenticator(
                    connector: try SSHConnector(instance: instance, options: options, broker: broker),
                    trace: broker.trace
                )
                if let login = try authenticator.tryEach([proposal]) {
                    entry = .ssh(login, over: road)
                    return
                }
                try authenticator.checkComplete()
                throw plan.refusal(of: authenticator.refused, hint: "is the user right (--user)?")
            } catch let failure as LatchkeyError where failure.code == .instanceUnreachable && road != roads.last {
                trace(failure.message)
            }
        }
        preconditionFailure("a key is pushed for one road at the least")
    }

    /// Milliseconds that the relay has at least, whatever the roads before it took, a person's answers included.
    private static let leastRelayTime: Int64 = 3000

    func openSession(_ plan: EntryPlan) throws {
        let instance = plan.instance
        let deadline = max(deadline, SystemClock.milliseconds() + NetworkEntryActions.leastRelayTime)
        let relay = try broker.requireRelay()
        if relay.documents == .amazon, let user = options.user {
            throw LatchkeyError(
                .requestRefused,
                "AWS opens shells as the user that the account's preferences name, not as '\(user.terminalSafe)'",
                hint: "leave --user out, or take SSH: --road ssh-over-relay"
            )
        }
        // What an image's name tells is about SSH's users.
        let user =
            relay.documents == .amazon ? nil : try (options.user ?? instance.user).map { try Names.user($0) }
        let shape = run.shape
        let opened = try relay.open(
            instance,
            .shell(
                user: user,
                line: RemoteCommand.line(run.command),
                RelayClient.Shape(
                    terminal: shape.terminal.map { ($0.type, $0.size) },
                    environment: shape.environment.map { ($0.name, $0.value) }
                )
            ),
            size: shape.terminal?.size,
            until: deadline
        )
        var session = Broker.OpenSession(id: opened.id, user: user)
        broker.trace.step("session \(session.id) opened")
        var process = opened.takeProcess()
        process.isCommand = shape.terminal == nil
        do {
            if try process.isGreeted(before: deadline) {
                session.agentIsOfficial = process.agentIsOfficial
                entry = .relay(process, session)
                return
            }
        } catch {
            try? relay.terminate(session.id)
            throw error
        }
        try? relay.terminate(session.id)
        throw LatchkeyError(
            .agentNotConnected,
            "the agent of '\(instance.displayName)' has not answered within \(options.timeout) s",
            hint: SessionEndReason.agentDidNotOpen.hint
        )
    }
}
