// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
package import LatchkeyModel
internal import LatchkeySSH

extension Broker {
    /// Tells how an instance would be entered: the plan, and what its roads and keys come to when they are asked, without a
    /// login.
    ///
    /// - Parameters:
    ///   - selector: what the user wrote.
    ///   - asksInstance: false to stay off the network.
    ///   - listsAll: whether the keys that nothing speaks for are listed, too, not only counted.
    /// - Throws: `LatchkeyError` only for what is wrong with this machine's own state; what is wrong with the instance
    ///   is part of the explanation.
    package func explain(
        _ instance: Instance,
        selector: String,
        options: Options,
        asksInstance: Bool,
        listsAll: Bool
    ) throws -> Explanation {
        let plan = try plan(for: instance, options, goal: .shell)
        // Other keys matter only where nothing verified opens, as on the way that connect goes.
        var others: (proposals: [KeyProposal], total: Int)?
        func rankedKeys() -> [KeyProposal] {
            guard !plan.isKeyNamed else { return [] }
            let found = others ?? self.rankedKeys(plan, limit: listsAll ? Int.max / 2 : KeyAuthenticator.rankedLimit)
            others = found
            return found.proposals
        }
        let probe = asksInstance ? ask(plan, options, rankedKeys) : nil
        let roads = probe.map { plan.roads($0, agent: relay?.presence(of: instance)) } ?? []
        if listsAll || plan.verified.isEmpty { _ = rankedKeys() }
        let keys = plan.keys(
            ranked: others?.proposals,
            unusable: others == nil ? [] : library.unusable(),
            probe ?? EntryProbe()
        )
        let listed = keys.filter { listsAll || $0.verdict != .untried || $0.fingerprint == nil }
        return Explanation(
            instance: plan.subject(selector),
            user: Explanation.User(name: plan.user.name, source: plan.user.source.rawValue),
            hostKeys: plan.hostKeys,
            keys: listed,
            otherKeys: others.map { max(0, $0.total - $0.proposals.count) + keys.count - listed.count },
            roads: roads,
            advice: plan.advice(probe, isShut: !roads.contains(where: \.isOpen)) { directory.file(for: $0) }
        )
    }

    /// Asks the instance about the plan's keys, in the order in which they would be offered.
    private func ask(_ plan: EntryPlan, _ options: Options, _ rankedKeys: () -> [KeyProposal]) -> EntryProbe {
        var probe = EntryProbe()
        do {
            let connector = try SSHConnector(instance: plan.instance, options: options, broker: self)
            var authenticator = KeyAuthenticator(connector: connector, trace: trace)
            // Reaching it first tells an unknown or changed host key even where there is no key to ask about.
            var slot: UnauthenticatedSession? = try connector.connectAndVerify(trusting: false)
            probe.wasReached = true
            probe.accepted = try authenticator.firstKnown(of: plan.verified, &slot)
            if probe.accepted == nil {
                probe.accepted = try authenticator.firstKnown(
                    of: rankedKeys().prefix(KeyAuthenticator.rankedLimit),
                    &slot
                )
            }
            probe.refused = authenticator.refused
        } catch let error as LatchkeyError {
            probe.failure = error
        } catch {
            probe.failure = LatchkeyError(.connectionLost, "\(error)".terminalSafe)
        }
        return probe
    }
}
