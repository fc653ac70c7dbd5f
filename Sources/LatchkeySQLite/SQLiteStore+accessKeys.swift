// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore {
    package func addAccessKey(_ key: AccessKey, sealedSecret: [UInt8]) throws {
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO accessKey (id, userName, sealedSecret, created, lastUsed, isAdmin) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.id, key.userName, Data(sealedSecret), key.created.milliseconds, key.lastUsed?.milliseconds,
                    key.isAdmin,
                ]
            )
        }
    }

    package func accessKeys() throws -> [AccessKey] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM accessKey ORDER BY userName, created, id")
                .map(SQLiteStore.accessKey)
        }
    }

    package func accessKey(_ id: AccessKey.ID) throws -> (key: AccessKey, sealedSecret: [UInt8])? {
        try row("SELECT * FROM accessKey WHERE id = ?", [id]) {
            (SQLiteStore.accessKey($0), [UInt8]($0["sealedSecret"] as Data))
        }
    }

    package func removeAccessKey(_ id: AccessKey.ID) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM accessKey WHERE id = ?", arguments: [id])
            if database.changesCount == 0 { throw LatchkeyError.accessKeyNotFound(id) }
        }
    }

    package func noteAccessKeyUses(_ dates: [AccessKey.ID: Date]) throws {
        let isDue = "id = ? AND (lastUsed IS NULL OR lastUsed <= ? - 60000)"
        // Looked at first without the right to write, for which requests would queue.
        let due = try read { database in
            let statement = try database.cachedStatement(sql: "SELECT 1 FROM accessKey WHERE \(isDue)")
            return try dates.filter { id, date in
                try Row.fetchOne(statement, arguments: [id, date.milliseconds]) != nil
            }
        }
        guard !due.isEmpty else { return }
        try write { database in
            let statement = try database.cachedStatement(sql: "UPDATE accessKey SET lastUsed = ? WHERE \(isDue)")
            for (id, date) in due {
                try statement.execute(arguments: [date.milliseconds, id, date.milliseconds])
            }
        }
    }

    private static func accessKey(_ row: Row) -> AccessKey {
        AccessKey(
            id: row["id"],
            userName: row["userName"],
            isAdmin: row["isAdmin"],
            created: Date(milliseconds: row["created"]),
            lastUsed: (row["lastUsed"] as Int64?).map(Date.init(milliseconds:))
        )
    }
}
