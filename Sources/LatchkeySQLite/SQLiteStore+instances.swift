// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore {
    package func instances() throws -> [Instance] {
        try read { database in
            try SQLiteStore.fetch(String.fetchAll(database, sql: "SELECT id FROM instance"), database)
        }
        .sorted { $0.naturallyPrecedes($1) }
    }

    package func add(_ instance: Instance) throws {
        try write { database in
            if let name = instance.name, let other = try SQLiteStore.owner(ofName: name, database) {
                throw LatchkeyError(
                    .instanceExists,
                    "an instance named '\(name.terminalSafe)' exists already (\(other))",
                    hint: "choose another name, or remove that one: latchkey instance remove '\(name.terminalSafe)'"
                )
            }
            try SQLiteStore.checkName(in: instance.tags, of: [instance.id], database)
            try SQLiteStore.insert(instance, database)
        }
    }

    package func instances(withIDs ids: [Instance.ID]) throws -> [Instance] {
        try read { database in try SQLiteStore.fetch(ids, database) }
    }

    package func tag(_ id: Instance.ID, set tags: Tags, remove keys: [String]) throws {
        try write { database in
            try SQLiteStore.checkName(in: tags, of: [id], database)
            for key in keys {
                try database.execute(
                    sql: "DELETE FROM instanceTag WHERE instanceID = ? AND key = ?",
                    arguments: [id, key]
                )
            }
            try SQLiteStore.setTags(tags, of: id, database)
        }
    }

    package func removeInstance(_ id: Instance.ID) throws {
        try write { database in
            let isLaunched = try Bool.fetchOne(
                database,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM launch JOIN instance ON instance.id = instanceID
                        WHERE instanceID = ? AND state <> 'terminated')
                    """,
                arguments: [id]
            )
            guard isLaunched != true else {
                throw LatchkeyError(
                    .requestRefused,
                    "\(id) was launched by latchkeyd, which has a container for it",
                    hint: "latchkey instance terminate \(id) ends both"
                )
            }
            try database.execute(sql: "DELETE FROM instance WHERE id = ?", arguments: [id])
        }
    }

    package func replaceHostKeys(_ keys: [HostKey], for id: Instance.ID) throws {
        try write { database in try SQLiteStore.replace(keys, id, in: .own, database) }
    }

    /// An instance that has exactly this name already; nil if none has.
    static func owner(ofName name: String, _ database: Database) throws -> Instance.ID? {
        try String.fetchOne(
            database,
            sql: "SELECT instanceID FROM instanceTag WHERE key = 'Name' AND value = ?",
            arguments: [name]
        )
    }

    static func insert(_ instance: Instance, _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO instance (id, state, port, user, keyName, created) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                instance.id, instance.state.rawValue, instance.port, instance.user, instance.keyName,
                instance.created.milliseconds,
            ]
        )
        try insert(addresses: instance.addresses, of: instance.id, database)
        try setTags(instance.tags, of: instance.id, database)
        try pin(instance.hostKeys, instance.id, database)
    }

    static func insert(addresses: [String], of id: Instance.ID, _ database: Database) throws {
        for (position, address) in addresses.enumerated() {
            try database.execute(
                sql: "INSERT INTO instanceAddress (instanceID, position, address) VALUES (?, ?, ?)",
                arguments: [id, position, address]
            )
        }
    }

    /// Where host keys are pinned: of instances that are the store's, and of those that another control plane knows.
    enum HostKeyTable: String {
        case own = "hostKey"
        case remote = "remoteHostKey"
    }

    static func pin(
        _ keys: [HostKey],
        _ id: Instance.ID,
        in table: HostKeyTable = .own,
        _ database: Database
    ) throws {
        for key in keys {
            try database.execute(
                sql: """
                    INSERT OR IGNORE INTO \(table.rawValue) (instanceID, publicKey, source, pinned) VALUES (?, ?, ?, ?)
                    """,
                arguments: [id, Data(key.key.blob), key.source.rawValue, key.pinned.milliseconds]
            )
        }
    }

    static func replace(_ keys: [HostKey], _ id: Instance.ID, in table: HostKeyTable, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM \(table.rawValue) WHERE instanceID = ?", arguments: [id])
        try pin(keys, id, in: table, database)
    }

    static func setTags(_ tags: Tags, of id: Instance.ID, _ database: Database) throws {
        for (key, value) in tags {
            try database.execute(
                sql: "INSERT OR REPLACE INTO instanceTag (instanceID, key, value) VALUES (?, ?, ?)",
                arguments: [id, key, value]
            )
        }
        if let name = tags[Tags.nameKey] { try noteSkeleton(of: name, id, database) }
    }

    /// The instances with these ids, in this order; an id that has gone meanwhile is left out.
    static func fetch(_ ids: [String], _ database: Database) throws -> [Instance] {
        let instance = try database.cachedStatement(sql: "SELECT * FROM instance WHERE id = ?")
        let tags = try database.cachedStatement(sql: "SELECT key, value FROM instanceTag WHERE instanceID = ?")
        let addresses = try database.cachedStatement(
            sql: "SELECT address FROM instanceAddress WHERE instanceID = ? ORDER BY position"
        )
        let hostKeys = try database.cachedStatement(sql: "SELECT * FROM hostKey WHERE instanceID = ? ORDER BY pinned")
        return try ids.compactMap { id in
            guard let row = try Row.fetchOne(instance, arguments: [id]) else { return nil }
            return Instance(
                id: id,
                tags: SQLiteStore.tags(try Row.fetchAll(tags, arguments: [id])),
                state: try SQLiteStore.known(InstanceState(rawValue: row["state"])),
                addresses: try String.fetchAll(addresses, arguments: [id]),
                port: row["port"],
                user: row["user"],
                keyName: row["keyName"],
                hostKeys: try Row.fetchAll(hostKeys, arguments: [id]).map(SQLiteStore.hostKey),
                created: Date(milliseconds: row["created"])
            )
        }
    }

    static func hostKey(_ row: Row) throws -> HostKey {
        HostKey(
            key: try known(PublicKey(blob: row["publicKey"] as Data)),
            source: try known(HostKey.Source(rawValue: row["source"])),
            pinned: Date(milliseconds: row["pinned"])
        )
    }

    /// What a newer version wrote must not be passed over: a host key that is not seen is one that is not checked.
    static func known<Value>(_ value: Value?) throws -> Value {
        guard let value else {
            throw LatchkeyError(
                .storeNewer,
                "the database holds something that this Latchkey does not know",
                hint: "it was written by a newer one, or is damaged; update this one"
            )
        }
        return value
    }
}
