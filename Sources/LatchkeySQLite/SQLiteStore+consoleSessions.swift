// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore {
    package func addConsoleSession(_ session: ConsoleSession, tokenDigest: [UInt8]) throws {
        try write { database in
            try SQLiteStore.requireAccessKey(session.accessKeyID, database)
            try database.execute(
                sql: """
                    INSERT INTO consoleSession
                        (id, accessKeyID, tokenDigest, created, expires, lastUsed, sourceAddress, userAgent)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    session.id, session.accessKeyID, Data(tokenDigest), session.created.milliseconds,
                    session.expires.milliseconds, session.lastUsed.milliseconds, session.sourceAddress,
                    session.userAgent,
                ]
            )
        }
    }

    package func consoleSessions(at now: Date) throws -> [(session: ConsoleSession, tokenDigest: [UInt8])] {
        try write { database in
            try database.execute(
                sql: "DELETE FROM consoleSession WHERE expires <= ?",
                arguments: [now.milliseconds]
            )
            return try Row.fetchAll(database, sql: "SELECT * FROM consoleSession ORDER BY created, id")
                .map { (SQLiteStore.consoleSession($0), [UInt8]($0["tokenDigest"] as Data)) }
        }
    }

    package func removeConsoleSession(_ id: ConsoleSession.ID) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM consoleSession WHERE id = ?", arguments: [id])
        }
    }

    package func noteConsoleSessionUses(_ dates: [ConsoleSession.ID: Date]) throws {
        try write { database in
            let statement = try database.cachedStatement(
                sql: "UPDATE consoleSession SET lastUsed = ?1 WHERE id = ?2 AND lastUsed < ?1"
            )
            for (id, date) in dates { try statement.execute(arguments: [date.milliseconds, id]) }
        }
    }

    package func addConsoleLink(codeDigest: [UInt8], for accessKeyID: AccessKey.ID, until end: Date) throws {
        try write { database in
            try SQLiteStore.requireAccessKey(accessKeyID, database)
            try database.execute(
                sql: "INSERT INTO consoleLink (codeDigest, accessKeyID, expires) VALUES (?, ?, ?)",
                arguments: [Data(codeDigest), accessKeyID, end.milliseconds]
            )
        }
    }

    package func redeemConsoleLink(codeDigest: [UInt8], at now: Date) throws -> AccessKey.ID? {
        try write { database in
            try database.execute(sql: "DELETE FROM consoleLink WHERE expires <= ?", arguments: [now.milliseconds])
            return try String.fetchOne(
                database,
                sql: "DELETE FROM consoleLink WHERE codeDigest = ? RETURNING accessKeyID",
                arguments: [Data(codeDigest)]
            )
        }
    }

    private static func requireAccessKey(_ id: AccessKey.ID, _ database: Database) throws {
        guard try exists("accessKey", "id", id, database) else { throw LatchkeyError.accessKeyNotFound(id) }
    }

    private static func consoleSession(_ row: Row) -> ConsoleSession {
        ConsoleSession(
            id: row["id"],
            accessKeyID: row["accessKeyID"],
            created: Date(milliseconds: row["created"]),
            expires: Date(milliseconds: row["expires"]),
            lastUsed: Date(milliseconds: row["lastUsed"]),
            sourceAddress: row["sourceAddress"],
            userAgent: row["userAgent"]
        )
    }
}
