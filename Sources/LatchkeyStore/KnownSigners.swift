// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel
internal import Synchronization

/// The keys that requests are signed with, in memory: users' access keys and agents' registered keys. A lookup waits for no
/// lock on the database, so that a request with a bad key costs no other request its turn, and an event loop may ask.
///
/// Other processes may write to the store. Memory is brought up to date by ``refresh()``, and before that for one id by
/// ``currentUser(_:)`` and ``currentAgent(_:)``.
package final class KnownSigners: Sendable {
    private struct Known {
        var users: [AccessKey.ID: SealedAccessKey] = [:]
        var agents: [Instance.ID: AgentRegistration] = [:]
        /// The names of all users, and how many keys each has.
        var names: [String: Int] = [:]
        /// Something went or came since ``refresh()`` last told of it.
        var hasChanged = false

        mutating func set(_ user: SealedAccessKey?, _ id: AccessKey.ID) {
            let before = users[id]
            guard before != user else { return }
            users[id] = user
            if let user { names[user.name, default: 0] += 1 }
            if let before { names[before.name] = names[before.name].flatMap { $0 > 1 ? $0 - 1 : nil } }
            hasChanged = true
        }

        mutating func set(_ agent: AgentRegistration?, _ id: Instance.ID) {
            guard agents[id] != agent else { return }
            agents[id] = agent
            hasChanged = true
        }
    }

    private let source: any SignerSource
    private let known = Mutex(Known())
    /// The source's version when memory had all of it. Held while changes are read, so that they are taken in in their order.
    private let version = Mutex<Int?>(nil)

    /// Nothing is read before the first question.
    package init(_ store: any ServerStore) { source = store.makeSignerSource() }

    // MARK: In memory

    package func user(_ id: AccessKey.ID) -> SealedAccessKey? { known.withLock { $0.users[id] } }

    /// Nil also for an instance that is being terminated.
    package func agent(_ id: Instance.ID) -> AgentRegistration? { known.withLock { $0.agents[id] } }

    /// Whether a user has an access key at all.
    package func hasUser(named name: String) -> Bool { known.withLock { $0.names[name] != nil } }

    // MARK: In the store

    /// As the store has it at this moment, or as it is known if the store cannot be read without waiting.
    package func currentUser(_ id: AccessKey.ID) -> SealedAccessKey? {
        let found = Result { try source.user(id) }
        return known.withLock { known in
            if case .success(let user) = found { known.set(user, id) }
            return known.users[id]
        }
    }

    /// As the store has it at this moment, or as it is known if the store cannot be read without waiting.
    package func currentAgent(_ id: Instance.ID) -> AgentRegistration? {
        let found = Result { try source.agent(id) }
        return known.withLock { known in
            if case .success(let agent) = found { known.set(agent, id) }
            return known.agents[id]
        }
    }

    /// Brings memory up to date, if anything has been committed since the last time.
    ///
    /// - Returns: whether there is another signer, or one less, since the last time.
    /// - Throws: as ``ServerStore``, `storeBusy` at once.
    package func refresh() throws -> Bool {
        try version.withLock { version in
            let (users, agents) = known.withLock { known in
                (Set(known.users.keys), known.agents.mapValues(\.registered))
            }
            guard let changes = try source.changes(since: version, users: users, agents: agents) else { return }
            known.withLock { known in
                for (id, user) in changes.users { known.set(user, id) }
                for (id, agent) in changes.agents { known.set(agent, id) }
            }
            version = changes.version
        }
        return known.withLock { known in
            defer { known.hasChanged = false }
            return known.hasChanged
        }
    }
}
