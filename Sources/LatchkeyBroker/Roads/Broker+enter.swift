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
    /// - Parameter run: what will run there; the relay has to know it from the beginning.
    /// - Throws: `agentNotConnected` if the agent does not answer in time, `LatchkeyError` of the road that was asked for, or of
    ///   the last one that was open.
    package func enter(_ instance: Instance, _ options: Options, _ run: Run) throws -> EntryResult {
        let plan = try plan(for: instance, options, goal: .shell)
        return try carryOut(plan, options, run)
    }

    /// Logs in over SSH: with a key that is pushed if none fits and the instance takes such keys.
    func connectByAnyKey(to instance: Instance, options: Options) throws -> AuthenticatedConnection {
        let plan = try plan(for: instance, options, goal: .ssh)
        switch try carryOut(plan, options, Run()) {
        case .ssh(let login, _): return login
        case .relay: fatalError("a plan for SSH opens no session")
        }
    }

    private func carryOut(_ plan: EntryPlan, _ options: Options, _ run: Run) throws -> EntryResult {
        let actions = NetworkEntryActions(self, options, run)
        try EntryExecutor(plan: plan, actions: actions).enter()
        guard let entry = actions.takeEntry() else { fatalError("a step that succeeds has entered") }
        return entry
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
}
