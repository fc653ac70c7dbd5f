// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore {
    package func keyPairs() throws -> [KeyPair] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM keyPair")
                .map { try SQLiteStore.keyPair($0, database) }
        }
        .sorted { $0.name.naturallyPrecedes($1.name) }
    }

    package func keyPairs(named names: [String], withIDs ids: [KeyPair.ID]) throws -> [KeyPair] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM keyPair WHERE name IN (SELECT value FROM json_each(?))
                    UNION
                    SELECT * FROM keyPair WHERE id IN (SELECT value FROM json_each(?))
                    ORDER BY name
                    """,
                arguments: [try SQLiteStore.json(names), try SQLiteStore.json(ids)]
            )
            .map { try SQLiteStore.keyPair($0, database) }
        }
    }

    package func keyPairCount() throws -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM keyPair") ?? 0 }
    }

    package func addKeyPair(named name: String, _ make: () throws -> KeyPair) throws -> KeyPair {
        try write { database in
            let taken = try Bool.fetchOne(
                database,
                sql: "SELECT EXISTS (SELECT 1 FROM keyPair WHERE name = ?)",
                arguments: [name]
            )
            if taken == true { throw LatchkeyError.keyExists(name) }
            // There are thousands at the most, which are gone through faster than a key is made.
            let names = try String.fetchCursor(database, sql: "SELECT name FROM keyPair")
            let skeleton = name.skeleton
            while let other = try names.next() {
                if other.skeleton == skeleton { throw LatchkeyError.lookAlike(name, of: other, "key pair") }
            }
            let pair = try make()
            try database.execute(
                sql: """
                    INSERT INTO keyPair (id, name, publicKey, fingerprint, origin, created) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    pair.id, pair.name, Data(pair.publicKey.blob), pair.fingerprint, pair.origin.rawValue,
                    pair.created.milliseconds,
                ]
            )
            for (key, value) in pair.tags {
                try database.execute(
                    sql: "INSERT INTO keyPairTag (keyPairID, key, value) VALUES (?, ?, ?)",
                    arguments: [pair.id, key, value]
                )
            }
            try SQLiteStore.checkKeyPairTexts(database)
            return pair
        }
    }

    package func removeKeyPair(_ id: KeyPair.ID) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM keyPair WHERE id = ?", arguments: [id])
        }
    }

    package func instanceCount(launchedWith keyName: String) throws -> Int {
        try read { database in
            try Int.fetchOne(
                database,
                sql: "SELECT COUNT(*) FROM instance WHERE keyName = ? AND state <> 'terminated'",
                arguments: [keyName]
            ) ?? 0
        }
    }

    static func keyPair(_ row: Row, _ database: Database) throws -> KeyPair {
        let publicKey = try known(PublicKey(blob: row["publicKey"] as Data))
        let origin = try known(KeyPair.Origin(rawValue: row["origin"]))
        let tags = try Row.fetchAll(
            database,
            sql: "SELECT key, value FROM keyPairTag WHERE keyPairID = ?",
            arguments: [row["id"] as String]
        )
        return KeyPair(
            id: row["id"],
            name: row["name"],
            publicKey: publicKey,
            fingerprint: row["fingerprint"],
            origin: origin,
            tags: SQLiteStore.tags(tags),
            created: Date(milliseconds: row["created"])
        )
    }
}
