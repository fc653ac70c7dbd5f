// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore: ControlPlane {
    package func instances(matching selector: InstanceSelector, limit: Int) throws -> [Instance] {
        try read { database in
            switch selector {
            case .tag(let key, let value):
                return try SQLiteStore.living(
                    "SELECT instanceID AS id FROM instanceTag WHERE key = ? AND value = ?",
                    [key, value],
                    limit,
                    database
                )
            case .text(let text):
                // The best kind of match decides; a weaker kind is looked at only where the better ones have nothing.
                let exact = try String.fetchAll(
                    database,
                    sql: "SELECT id FROM instance WHERE id = ?",
                    arguments: [text]
                )
                if !exact.isEmpty { return try SQLiteStore.fetch(exact, database) }
                let named = try SQLiteStore.living(
                    "SELECT instanceID AS id FROM instanceTag WHERE key = 'Name' AND value = ?",
                    [text],
                    limit,
                    database
                )
                if !named.isEmpty { return named }
                let addressed = try SQLiteStore.living(
                    "SELECT DISTINCT instanceID AS id FROM instanceAddress WHERE address = ?",
                    [text],
                    limit,
                    database
                )
                if !addressed.isEmpty { return addressed }
                // A range instead of LIKE, so that the index serves and no character is a wildcard.
                let range: StatementArguments = [text, text + "\u{10FFFF}"]
                let byName = try SQLiteStore.living(
                    "SELECT instanceID AS id FROM instanceTag WHERE key = 'Name' AND value >= ? AND value < ?",
                    range,
                    limit,
                    database
                )
                var begun = byName
                if Identifier.looksLikeInstanceID(text) {
                    let byID = try SQLiteStore.living(
                        "SELECT id FROM instance WHERE id >= ? AND id < ?",
                        range,
                        limit,
                        database
                    )
                    begun = Array((byName + byID.filter { !byName.contains($0) }).prefix(limit))
                }
                if !begun.isEmpty { return begun }
                // A list shows what has ended, so it has to have a name as long as no other instance is meant.
                let ended = try String.fetchAll(
                    database,
                    sql: """
                        SELECT instance.id FROM instanceTag JOIN instance ON instance.id = instanceID
                        WHERE key = 'Name' AND value = ? AND state = 'terminated' LIMIT ?
                        """,
                    arguments: [text, limit]
                )
                return try SQLiteStore.fetch(ended, database)
            }
        }
    }

    package func similarNames(to name: String) throws -> [String] {
        // Names that begin alike, those with the longest common beginning first: enough for a slip of the finger, and a
        // range of an index each, so that it costs the same in any fleet.
        let scalars = name.unicodeScalars
        let beginnings = Set([scalars.count - 1, scalars.count / 2, 1].filter { $0 > 0 && $0 <= scalars.count })
            .sorted(by: >)
            .flatMap { length -> [String] in
                let beginning = String(String.UnicodeScalarView(scalars.prefix(length)))
                return [beginning, beginning.lowercased(), beginning.uppercased()]
            }
        let candidates = try read { database in
            try beginnings.reduce(into: Set<String>()) { found, beginning in
                found.formUnion(try SQLiteStore.names(beginningWith: beginning, limit: 200, database))
            }
        }
        return EditDistance.nearest(to: name, among: candidates)
    }

    /// Names that begin so, at most `limit`, in their order.
    package func names(beginningWith text: String, limit: Int) throws -> [String] {
        try read { database in try SQLiteStore.names(beginningWith: text, limit: limit, database) }
    }

    private static func names(beginningWith text: String, limit: Int, _ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT DISTINCT value FROM instanceTag JOIN instance ON instance.id = instanceID
                WHERE key = 'Name' AND value >= ? AND value < ? AND state <> 'terminated' LIMIT ?
                """,
            arguments: [text, text + "\u{10FFFF}", limit]
        )
        .map { $0.cut(to: .instanceName) }
    }

    package func keyPair(named name: String) throws -> KeyPair? {
        try read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM keyPair WHERE name = ?", arguments: [name])
                .map { try SQLiteStore.keyPair($0, database) }
        }
    }

    /// Pins the host keys of an instance that has none in this table, or these.
    ///
    /// - Throws: `hostKeyChanged` if keys are pinned, and these are others.
    static func pinUnchanged(
        _ keys: [HostKey],
        _ id: Instance.ID,
        in table: HostKeyTable,
        _ database: Database
    ) throws {
        let pinned = try Data.fetchAll(
            database,
            sql: "SELECT publicKey FROM \(table.rawValue) WHERE instanceID = ?",
            arguments: [id]
        )
        guard pinned.isEmpty || keys.allSatisfy({ pinned.contains(Data($0.key.blob)) }) else {
            throw LatchkeyError(
                .hostKeyChanged,
                "another process has pinned another host key for the instance meanwhile",
                hint: "nothing was changed; connect again to see which"
            )
        }
        try pin(keys, id, in: table, database)
    }

    package func pinHostKeys(_ keys: [HostKey], for instanceID: Instance.ID) throws {
        try write { database in try SQLiteStore.pinUnchanged(keys, instanceID, in: .own, database) }
    }

    /// What an agent reports is pinned when it comes; there is nothing else that the embedded control plane could know.
    package func attestedHostKeys(of instance: Instance) throws -> [HostKey] { [] }

    package func acceptedKey(of instanceID: Instance.ID, user: String) throws -> PublicKey? {
        try read { database in
            try Data.fetchOne(
                database,
                sql: "SELECT publicKey FROM acceptedKey WHERE instanceID = ? AND user = ?",
                arguments: [instanceID, user]
            )
            .flatMap { PublicKey(blob: $0) }
        }
    }

    package func noteKeyName(_ name: String?, of instanceID: Instance.ID) throws {
        try write { database in
            try database.execute(
                sql: "UPDATE instance SET keyName = ? WHERE id = ?",
                arguments: [name, instanceID]
            )
        }
    }

    package func noteAcceptedKey(_ key: PublicKey, of instanceID: Instance.ID, user: String, at date: Date) throws {
        try write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO acceptedKey (instanceID, user, publicKey, accepted) VALUES (?, ?, ?, ?)",
                arguments: [instanceID, user, Data(key.blob), date.milliseconds]
            )
        }
    }

    /// Instances whose ids a query gives, terminated ones left out, in the order of the index that serves it: sorting
    /// would have to see all of them first.
    private static func living(
        _ query: String,
        _ arguments: StatementArguments,
        _ limit: Int,
        _ database: Database
    ) throws -> [Instance] {
        let ids = try String.fetchAll(
            database,
            sql: """
                SELECT instance.id FROM (\(query)) AS matching JOIN instance ON instance.id = matching.id
                WHERE instance.state <> 'terminated' LIMIT ?
                """,
            arguments: arguments + [limit]
        )
        return try fetch(ids, database)
    }
}
