// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyKeys
package import LatchkeyModel
package import LatchkeyRelayClient
internal import LatchkeySSH
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTerminal

extension Broker {
    /// An instance that has been entered, one way or another.
    package enum EntryResult: ~Copyable {
        /// Over SSH, with a key.
        case ssh(AuthenticatedConnection, over: Road)
        /// Through the relay, in a session that has begun.
        case relay(RelayProcess, OpenSession)
    }

    /// What is known of a session through the relay.
    package struct OpenSession: Sendable {
        package let id: String
        /// The user that was asked for; nil for the agent's own choice.
        package let user: String?
        /// Whether its agent is Amazon's, which does not tell a shell's exit status.
        package var agentIsOfficial = false
    }

    /// Enters an instance over the best road that is open.
    ///
    /// A road is left only for a reason that the next one answers: no address answers, no key fits, the login is refused.
    /// It is never left for a host key that changed or is not attested, nor once something has begun to run.
    ///
    /// - Parameter run: what will run there; the relay has to know it from the beginning.
    /// - Throws: `agentNotConnected` if the agent does not answer in time, `LatchkeyError` of the road that was asked for, or of the first one where no other is open.
    package func enter(_ instance: Instance, _ options: Options, _ run: Run) throws -> EntryResult {
        let deadline = SystemClock.milliseconds() + Int64(options.timeout) * 1000
        switch options.road {
        case .ssh, .sshOverRelay: return try enterByKey(instance, options)
        case .relay: return try openSession(instance, options, run, until: deadline)
        case nil: break
        }
        var road = Road.ssh
        var isPushed = false
        do {
            if let login = try connectByPushedKeyFirst(instance, options, over: &road, &isPushed) {
                return .ssh(login, over: road)
            }
            return .ssh(try connect(to: instance, options: options), over: .ssh)
        } catch let error as LatchkeyError {
            guard Broker.isLeft(for: error, options), let relay else { throw Broker.stopped(error) }
            return try leaveDirectRoad(instance, options, run, for: error, relay, isPushed, until: deadline)
        }
    }

    /// Logs in with a key that is pushed, where none is verified to fit and the instance says that it takes such keys: others, which
    /// are ranked only, would be failed logins in its log, and take longer.
    ///
    /// - Parameters:
    ///   - road: becomes the one that was taken.
    ///   - isPushed: becomes true once a key was pushed; doing so again is of no use.
    /// - Returns: nil if there is a key, or the instance has not taken the one that was pushed.
    private func connectByPushedKeyFirst(
        _ instance: Instance,
        _ options: Options,
        over road: inout Road,
        _ isPushed: inout Bool
    ) throws -> AuthenticatedConnection? {
        guard let relay, options.key == nil, try !hasVerifiedKey(instance, options) else { return nil }
        let presence = presence(of: instance, relay)
        guard relay.pushing(to: instance, presence) == .supported else { return nil }
        let roads = options.road.map { [$0] } ?? [.ssh, .sshOverRelay]
        isPushed = true
        let pair = try instance.keyName.flatMap { try control.keyPair(named: $0) }
        let name = "'\(instance.displayName)'"
        let reason = LatchkeyError(
            .noKeyFits,
            pair.map { "the private half of the key pair '\($0.name.terminalSafe)' of \(name) is not on this machine" }
                ?? "no key is known to fit \(name)"
        )
        do {
            return try connectByPushedKey(instance, options, roads, .supported, for: reason, over: &road)
        } catch let failure as LatchkeyError
            where Broker.isPushLeft(for: failure, options) && failure.code != .instanceUnreachable
        {
            trace.step(failure.message)
            return nil
        }
    }

    private func presence(of instance: Instance, _ relay: RelayClient) -> RelayClient.Presence {
        let presence = relay.presence(of: instance)
        if let message = presence.message { trace.step(message) }
        return presence
    }

    /// Over the one road of SSH that was asked for.
    private func enterByKey(_ instance: Instance, _ options: Options) throws -> EntryResult {
        .ssh(try connectByAnyKey(to: instance, options: options), over: options.road ?? .ssh)
    }

    /// Logs in as ``connect(to:options:)`` does; with a key that is pushed if none fits and the instance takes such keys.
    func connectByAnyKey(to instance: Instance, options: Options) throws -> AuthenticatedConnection {
        var road = options.road ?? .ssh
        var isPushed = false
        if let login = try connectByPushedKeyFirst(instance, options, over: &road, &isPushed) { return login }
        do { return try connect(to: instance, options: options) } catch let error as LatchkeyError {
            guard Broker.lacksKey(error, options), options.key == nil, !isPushed, let relay else { throw error }
            let presence = presence(of: instance, relay)
            let pushing = relay.pushing(to: instance, presence)
            guard pushing != .unsupported else { throw error }
            return try connectByPushedKey(instance, options, [road], pushing, for: error, over: &road)
        }
    }

    /// Whether a key that the instance takes would answer this.
    private static func lacksKey(_ error: LatchkeyError, _ options: Options) -> Bool {
        error.code != .instanceUnreachable && isLeft(for: error, options)
    }

    /// Whether another road answers this. One that was asked for as a certain user, whom sshd refuses, is not gone around.
    static func isLeft(for error: LatchkeyError, _ options: Options) -> Bool {
        switch error.code {
        case .instanceUnreachable, .noKeyFits, .loginRefused, .passphraseUnavailable: true
        case .userRefused: options.user == nil
        default: false
        }
    }

    /// A refusal that is not gone around, with the way that does.
    private static func stopped(_ error: LatchkeyError) -> LatchkeyError {
        guard error.code == .userRefused || error.code == .loginIncomplete else { return error }
        return LatchkeyError(
            error.code,
            error.message,
            hint: [error.hint, "--road relay opens a shell past sshd, if the instance's agent allows that user"]
                .compactMap(\.self).joined(separator: "; "),
            cause: error.cause
        )
    }

    /// The same of a key that is pushed.
    private static func isPushLeft(for error: LatchkeyError, _ options: Options) -> Bool {
        isLeft(for: error, options) || error.code == .requestRefused
    }

    private func leaveDirectRoad(
        _ instance: Instance,
        _ options: Options,
        _ run: Run,
        for error: LatchkeyError,
        _ relay: RelayClient,
        _ isPushed: Bool,
        until deadline: Int64
    ) throws -> EntryResult {
        let presence = presence(of: instance, relay)
        let isConnected = presence.isConnected
        let isReached = error.code != .instanceUnreachable
        var last = error
        // A key that did not fit directly fits no better through the relay; one that could not be tried may.
        if isConnected, !isReached, try hasVerifiedKey(instance, options) {
            interaction.note("\(error.message); trying SSH through the relay")
            do { return try enterOverRelay(instance, options) } catch let second as LatchkeyError
                where Broker.isLeft(for: second, options)
            {
                last = second
            }
        }
        let roads: [Road] = (isReached ? [.ssh] : []) + (isConnected ? [.sshOverRelay] : [])
        let pushing = isPushed ? .unsupported : relay.pushing(to: instance, presence)
        if !roads.isEmpty, pushing != .unsupported, options.key == nil, last == error || Broker.lacksKey(last, options)
        {
            do {
                var road = Road.ssh
                let login = try connectByPushedKey(instance, options, roads, pushing, for: last, over: &road)
                return .ssh(login, over: road)
            } catch let third as LatchkeyError {
                guard Broker.isPushLeft(for: third, options) else { throw Broker.stopped(third) }
                last = third
            }
        }
        guard isConnected else {
            if let message = presence.message { interaction.note("note: \(message)") }
            throw last
        }
        interaction.note("\(last.message); going through the relay")
        return try openSession(instance, options, run, until: deadline)
    }

    private func enterOverRelay(_ instance: Instance, _ options: Options) throws -> EntryResult {
        var options = options
        options.road = .sshOverRelay
        return .ssh(try connect(to: instance, options: options), over: .sshOverRelay)
    }

    /// Logs in with a key that is made now, lives in this process's memory, and is pushed to the instance for 60 seconds,
    /// which is for this one login. That it was let in is not remembered.
    ///
    /// - Parameters:
    ///   - roads: one is left for the next where the instance cannot be reached over it.
    ///   - taken: becomes the one that was taken.
    /// - Throws: `loginRefused` if the instance does not take it, `requestRefused` if it cannot be pushed, and what a login
    ///   throws; `error` in place of the first two where it was not known that the instance takes such a key, since it is no
    ///   news then that it does not.
    private func connectByPushedKey(
        _ instance: Instance,
        _ options: Options,
        _ roads: [Road],
        _ pushing: RelayClient.Pushing,
        for error: LatchkeyError,
        over taken: inout Road
    ) throws -> AuthenticatedConnection {
        do { return try pushKey(instance, options, roads, pushing, for: error, over: &taken) } catch let failure
            as LatchkeyError
            where Broker.isPushLeft(for: failure, options)
        {
            trace.step(failure.message)
            throw pushing == .supported ? failure : error
        }
    }

    private func pushKey(
        _ instance: Instance,
        _ options: Options,
        _ roads: [Road],
        _ pushing: RelayClient.Pushing,
        for error: LatchkeyError,
        over taken: inout Road
    ) throws -> AuthenticatedConnection {
        let relay = try requireRelay()
        let key: PrivateKey
        do throws(KeyFault) { key = try PrivateKey.oneTime() } catch {
            throw LatchkeyError(.keyUnusable, "a key for this connection cannot be made: it \(error.reason)")
        }
        let user = try Names.user(options.user ?? instance.user ?? Environment.userName)
        // Where it may be in vain, nobody waits for long.
        let timeout = pushing == .supported ? RelayClient.timeout : RelayClient.timeout / 2
        try relay.push(key.publicKey, to: instance, user: user, timeout: timeout)
        interaction.note("\(error.message); pushing a key made for this connection")
        let proposal = KeyProposal(
            candidate: KeyCandidate(source: .memory, publicKey: key.publicKey),
            evidence: nil,
            signer: key
        )
        var options = options
        // Its host key may have been pinned a moment ago; nobody is asked twice.
        let instance = try control.instances(withIDs: [instance.id]).first ?? instance
        for road in roads {
            // Where it is one of several, addresses that do not answer are not waited for long.
            options.road = road == .ssh && roads.count > 1 ? nil : road
            let isLast = road == roads.last
            do {
                let connector = try SSHConnector(instance: instance, options: options, broker: self)
                var authenticator = KeyAuthenticator(connector: connector, trace: trace)
                taken = road
                if let login = try authenticator.tryEach([proposal]) { return login }
                try authenticator.checkComplete()
                throw authenticator.refusal(instance, hint: "is the user right (--user)?")
            } catch let failure as LatchkeyError where failure.code == .instanceUnreachable && !isLast {
                trace.step(failure.message)
            }
        }
        throw error
    }

    private func hasVerifiedKey(_ instance: Instance, _ options: Options) throws -> Bool {
        if options.key != nil { return true }
        let registered = try instance.keyName.flatMap { try control.keyPair(named: $0) }
        let user = options.user ?? instance.user ?? Environment.userName
        let accepted = try control.acceptedKey(of: instance.id, user: user)
        return !KeyResolver(library: library).verified(registered: registered?.publicKey, accepted: accepted).isEmpty
    }

    /// - Throws: `relayUnreachable` if this home has no relay.
    func requireRelay() throws -> RelayClient {
        guard let relay else { throw LatchkeyError.noRelay() }
        return relay
    }

    /// Takes over a session that runs, and joins it to this process's input and outputs.
    ///
    /// - Parameter session: its id, or the beginning of one.
    /// - Throws: `sessionNotFound`, `relayUnreachable`, and what ``run(_:over:_:on:)`` throws.
    package func attach(_ session: String) throws -> RunOutcome {
        let relay = try requireRelay()
        let known = try relay.session(matching: session)
        var run = Run()
        run.terminal = .automatic
        let process = try relay.attach(known.sessionId, size: run.shape.terminal?.size)
        let name = try control.instances(matching: InstanceSelector(known.target), limit: 1).first?.displayName
        interaction.note(
            "session \(known.sessionId.terminalSafe) on '\(name ?? known.target.terminalSafe)' taken over"
        )
        return try self.run(
            run,
            over: process,
            OpenSession(id: known.sessionId, user: nil),
            on: name ?? known.target.terminalSafe
        )
    }

    /// Milliseconds that the relay has at least, whatever the roads before it took, a person's answers included.
    private static let leastRelayTime: Int64 = 3000

    /// - Parameter deadline: by which the agent is to have answered, on ``SystemClock``.
    private func openSession(
        _ instance: Instance,
        _ options: Options,
        _ run: Run,
        until deadline: Int64
    ) throws -> EntryResult {
        let deadline = max(deadline, SystemClock.milliseconds() + Broker.leastRelayTime)
        let relay = try requireRelay()
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
        var session = OpenSession(id: opened.id, user: user)
        trace.step("session \(session.id) opened")
        var process = opened.takeProcess()
        process.isCommand = shape.terminal == nil
        do {
            if try process.isGreeted(before: deadline) {
                session.agentIsOfficial = process.agentIsOfficial
                return .relay(process, session)
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
