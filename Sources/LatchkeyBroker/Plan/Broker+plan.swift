// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySystem

extension Broker {
    /// How an instance is to be entered. Nothing is asked for it but the control plane.
    ///
    /// - Throws: `keyNotFound` and `keyUnusable` for a key that was named, and what the control plane throws.
    func plan(for instance: Instance, _ options: Options, goal: EntryPlan.Goal) throws -> EntryPlan {
        let user =
            if let name = options.user {
                EntryUser(name: name, source: .option)
            } else if let name = instance.user {
                EntryUser(name: name, source: .instance)
            } else {
                EntryUser(name: Environment.userName, source: .local)
            }
        var (registered, accepted, verified): (KeyPair?, PublicKey?, [KeyProposal]) = (nil, nil, [])
        // A session needs no key.
        if options.road != .relay {
            registered = try instance.keyName.flatMap { try control.keyPair(named: $0) }
            accepted = try control.acceptedKey(of: instance.id, user: user.name)
            verified =
                try options.key.map { [try namedKey($0)] }
                ?? KeyResolver(library: library).verified(registered: registered?.publicKey, accepted: accepted)
        }
        return EntryPlan(
            instance: instance,
            goal: goal,
            user: user,
            port: options.port ?? instance.port,
            road: options.road,
            registered: registered,
            accepted: accepted,
            isKeyNamed: options.key != nil,
            verified: verified,
            relay: relay?.documents
        )
    }

    /// The keys that nothing verifies, the likely ones first: looked for only where the verified ones do not lead in.
    ///
    /// - Returns: at most so many, and how many there are in all.
    func rankedKeys(_ plan: EntryPlan, limit: Int) -> (proposals: [KeyProposal], total: Int) {
        KeyResolver(library: library).rankedKeys(for: plan.instance, without: plan.verified, limit: limit)
    }
}
