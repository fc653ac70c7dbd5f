// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import Synchronization

/// The keys that requests are signed with, in memory: users' access keys and agents' registered keys. A lookup waits for no
/// lock on the database, so that a request with a bad key costs no other request its turn, and an event loop may ask.
///
/// Other processes may write to the database. Memory is brought up to date by ``refresh()``, and before that for one id by
/// ``currentUser(_:)`` and ``currentAgent(_:)``.
package final class KnownSigners: Sendable {
    /// An access key's user, and its secret.
    package struct User: Equatable, Sendable {
        package let name: String
        /// Whether the key opens other users' sessions, too.
        package let isAdmin: Bool
        /// The secret, encrypted by a key that is not in the store.
        package let sealedSecret: [UInt8]
    }

    /// An agent's registration.
    package struct Agent: Equatable, Sendable {
        /// Milliseconds since 1970: the next registration of the same instance has another time.
        package let registered: Int64
        package let publicKeyDER: [UInt8]
    }

    private struct Known {
        var users: [AccessKey.ID: User] = [:]
        var agents: [Instance.ID: Agent] = [:]
        /// The names of all users, and how many keys each has.
        var names: [String: Int] = [:]
        /// Something went or came since ``refresh()`` last told of it.
        var hasChanged = false

        mutating func set(_ user: User?, _ id: AccessKey.ID) {
            let before = users[id]
            guard before != user else { return }
            users[id] = user
            if let user { names[user.name, default: 0] += 1 }
            if let before { names[before.name] = names[before.name].flatMap { $0 > 1 ? $0 - 1 : nil } }
            hasChanged = true
        }

        mutating func set(_ agent: Agent?, _ id: Instance.ID) {
            guard agents[id] != agent else { return }
            agents[id] = agent
            hasChanged = true
        }
    }

    /// The connection, and the database's version when memory had all of it: as long as that is the same, nothing has been
    /// committed.
    private struct Source {
        var connection: DatabaseQueue?
        var version: Int?

        mutating func connect(_ store: Store) throws -> DatabaseQueue {
            if let connection { return connection }
            let opened = try store.impatientConnection()
            connection = opened
            return opened
        }
    }

    private let store: Store
    private let known = Mutex(Known())
    private let source = Mutex(Source())

    /// Nothing is read before the first question.
    package init(_ store: Store) { self.store = store }

    // MARK: In memory

    package func user(_ id: AccessKey.ID) -> User? { known.withLock { $0.users[id] } }

    /// Nil also for an instance that is being terminated.
    package func agent(_ id: Instance.ID) -> Agent? { known.withLock { $0.agents[id] } }

    /// Whether a user has an access key at all.
    package func hasUser(named name: String) -> Bool { known.withLock { $0.names[name] != nil } }

    // MARK: In the database

    /// As the database has it at this moment, or as it is known if the database cannot be read without waiting.
    package func currentUser(_ id: AccessKey.ID) -> User? {
        let sql = "\(KnownSigners.userQuery) WHERE id = ?"
        let found = current(id, sql, KnownSigners.user)
        return known.withLock { known in
            if case .read(let user) = found { known.set(user, id) }
            return known.users[id]
        }
    }

    /// As the database has it at this moment, or as it is known if the database cannot be read without waiting.
    package func currentAgent(_ id: Instance.ID) -> Agent? {
        let found = current(id, "\(KnownSigners.agentQuery) AND instanceID = ?", KnownSigners.agent)
        return known.withLock { known in
            if case .read(let agent) = found { known.set(agent, id) }
            return known.agents[id]
        }
    }

    private enum Found<Value: Sendable>: Sendable {
        /// The row, if there is one.
        case read(Value?)
        /// The database cannot be read without waiting.
        case asKnown
    }

    private func current<Value: Sendable>(
        _ id: String,
        _ sql: String,
        _ make: @Sendable (Row) -> Value
    ) -> Found<Value> {
        source.withLock { source in
            do {
                return try source.connect(store)
                    .unsafeRead { database in
                        let statement = try database.cachedStatement(sql: sql)
                        return .read(try Row.fetchOne(statement, arguments: [id]).map(make))
                    }
            } catch {
                return .asKnown
            }
        }
    }

    /// Brings memory up to date, if anything has been committed since the last time.
    ///
    /// - Returns: whether there is another signer, or one less, since the last time.
    /// - Throws: as ``Store``, `storeBusy` at once.
    package func refresh() throws -> Bool {
        try store.translating { try readAll() }
        return known.withLock { known in
            defer { known.hasChanged = false }
            return known.hasChanged
        }
    }

    private func readAll() throws {
        try source.withLock { source in
            let before = source.version
            let (users, agents) = known.withLock { known in
                (Set(known.users.keys), known.agents.mapValues(\.registered))
            }
            let changes = try source.connect(store)
                .read { database -> Changes? in
                    // Within the transaction, so that it is the version of what is read.
                    let version = try KnownSigners.version(database)
                    guard version != before else { return nil }
                    return try KnownSigners.changes(database, version, users, agents)
                }
            guard let changes else { return }
            known.withLock { known in
                for (id, user) in changes.users { known.set(user, id) }
                for (id, agent) in changes.agents { known.set(agent, id) }
            }
            source.version = changes.version
        }
    }

    /// What is different in the database: nil stands for what is gone.
    private struct Changes {
        let version: Int
        var users: [AccessKey.ID: User?] = [:]
        var agents: [Instance.ID: Agent?] = [:]
    }

    private static func changes(
        _ database: Database,
        _ version: Int,
        _ users: Set<AccessKey.ID>,
        _ agents: [Instance.ID: Int64]
    ) throws -> Changes {
        var changes = Changes(version: version)
        var gone = users
        let keys = try Row.fetchCursor(database, sql: KnownSigners.userQuery)
        while let row = try keys.next() {
            gone.remove(row["id"])
            // A key is never changed, only made and deleted.
            guard !users.contains(row["id"]) else { continue }
            changes.users[row["id"]] = user(row)
        }
        for id in gone { changes.users.updateValue(nil, forKey: id) }
        var left = Set(agents.keys)
        var new: [Instance.ID] = []
        let registrations = try Row.fetchCursor(
            database,
            sql: "SELECT instanceID, registered FROM managedInstance WHERE \(isThere)"
        )
        while let row = try registrations.next() {
            let id: Instance.ID = row["instanceID"]
            left.remove(id)
            if agents[id] != row["registered"] as Int64 { new.append(id) }
        }
        for id in left { changes.agents.updateValue(nil, forKey: id) }
        let statement = try database.cachedStatement(sql: "\(agentQuery) AND instanceID = ?")
        for id in new { changes.agents[id] = try Row.fetchOne(statement, arguments: [id]).map(agent) }
        return changes
    }

    /// An instance that is being terminated counts as removed; its row stays for a while, for what lists it.
    private static let isThere =
        "instanceID NOT IN (SELECT id FROM instance WHERE state IN ('shutting-down', 'terminated'))"
    private static let agentQuery = "SELECT registered, publicKey FROM managedInstance WHERE \(isThere)"

    private static let userQuery = "SELECT id, userName, isAdmin, sealedSecret FROM accessKey"

    private static func user(_ row: Row) -> User {
        User(name: row["userName"], isAdmin: row["isAdmin"], sealedSecret: [UInt8](row["sealedSecret"] as Data))
    }

    private static func agent(_ row: Row) -> Agent {
        Agent(registered: row["registered"], publicKeyDER: [UInt8](row["publicKey"] as Data))
    }

    /// Another one whenever another connection has committed something, of this process or of any other.
    private static func version(_ database: Database) throws -> Int {
        try Int.fetchOne(try database.cachedStatement(sql: "PRAGMA data_version")) ?? 0
    }
}
