// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import GRDB
internal import LatchkeyModel
internal import LatchkeyStore
internal import Synchronization

/// The signers of a ``SQLiteStore``, read over a connection of its own, which waits for no lock.
final class SQLiteSignerSource: SignerSource {
    private let store: SQLiteStore
    /// Opened at the first question.
    private let connection = Mutex<DatabaseQueue?>(nil)

    init(_ store: SQLiteStore) { self.store = store }

    func user(_ id: AccessKey.ID) throws -> SealedAccessKey? {
        try row("\(SQLiteSignerSource.userQuery) WHERE id = ?", id, SQLiteSignerSource.user)
    }

    func agent(_ id: Instance.ID) throws -> AgentRegistration? {
        try row("\(SQLiteSignerSource.agentQuery) AND instanceID = ?", id, SQLiteSignerSource.agent)
    }

    func changes(
        since version: Int?,
        users: Set<AccessKey.ID>,
        agents: [Instance.ID: Int64]
    ) throws -> SignerChanges? {
        try connected { queue in
            try queue.read { database in
                // Within the transaction, so that it is the version of what is read.
                let current = try SQLiteSignerSource.version(database)
                guard current != version else { return nil }
                return try SQLiteSignerSource.changes(database, current, users, agents)
            }
        }
    }

    private func row<Value: Sendable>(
        _ sql: String,
        _ id: String,
        _ make: @Sendable (Row) -> Value
    ) throws -> Value? {
        try connected { queue in
            try queue.unsafeRead { database in
                try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: [id]).map(make)
            }
        }
    }

    private func connected<Value: Sendable>(_ body: (DatabaseQueue) throws -> Value) throws -> Value {
        try store.translating {
            try connection.withLock { connection in
                if let connection { return try body(connection) }
                let opened = try store.impatientConnection()
                connection = opened
                return try body(opened)
            }
        }
    }

    private static func changes(
        _ database: Database,
        _ version: Int,
        _ users: Set<AccessKey.ID>,
        _ agents: [Instance.ID: Int64]
    ) throws -> SignerChanges {
        var changes = SignerChanges(version: version)
        var gone = users
        let keys = try Row.fetchCursor(database, sql: userQuery)
        while let row = try keys.next() {
            gone.remove(row["id"])
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

    private static func user(_ row: Row) -> SealedAccessKey {
        SealedAccessKey(
            name: row["userName"],
            isAdmin: row["isAdmin"],
            sealedSecret: [UInt8](row["sealedSecret"] as Data)
        )
    }

    private static func agent(_ row: Row) -> AgentRegistration {
        AgentRegistration(registered: row["registered"], publicKeyDER: [UInt8](row["publicKey"] as Data))
    }

    /// Another one whenever another connection has committed something, of this process or of any other.
    private static func version(_ database: Database) throws -> Int {
        try Int.fetchOne(try database.cachedStatement(sql: "PRAGMA data_version")) ?? 0
    }
}
