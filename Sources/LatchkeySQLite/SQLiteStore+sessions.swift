// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
package import LatchkeyStore

extension SQLiteStore {
    package func add(_ session: SessionRecord) throws {
        let ended = session.status.isEnd ? session.ended ?? session.started : nil
        let parameters = try SQLiteStore.json(session.parameters)
        try write { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO session (
                        id, target, owner, documentName, reason, parameters, status, started, ended, details, maxDuration,
                        user, node
                    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            )
            try statement.execute(arguments: [
                session.id, session.target, session.owner, session.documentName, session.reason, parameters,
                session.status.rawValue, session.started.milliseconds, ended?.milliseconds, session.details,
                session.maxDuration, session.user, session.node,
            ])
        }
    }

    package func session(_ id: SessionRecord.ID) throws -> SessionRecord? {
        try row("SELECT * FROM session WHERE id = ?", [id], SQLiteStore.session)
    }

    @discardableResult
    package func setSessions(_ changes: [SessionChange]) throws -> Int {
        try write { database in
            let statement = try database.cachedStatement(
                sql: """
                    UPDATE session SET status = ?, details = COALESCE(?, details), ended = ?
                    WHERE id = ? AND ended IS NULL
                    """
            )
            var count = 0
            for change in changes {
                let ended = change.status.isEnd ? change.date.milliseconds : nil
                try statement.execute(arguments: [change.status.rawValue, change.details, ended, change.id])
                count += database.changesCount
            }
            return count
        }
    }

    package func sessions(
        isActive: Bool,
        _ filters: [SessionFilter] = [],
        limit: Int,
        after cursor: PageCursor? = nil
    ) throws -> Page<SessionRecord> {
        let query = SessionQuery(isActive: isActive, filters, limit: limit, after: cursor)
        return try read { database in
            let found = try Row.fetchAll(database, sql: query.sql, arguments: query.arguments).map(SQLiteStore.session)
            return Page(found, limit: limit) { session in
                PageBudget.element + (session.reason?.utf8.count ?? 0) + (session.details?.utf8.count ?? 0)
            } cursor: {
                PageCursor($0.started, $0.id)
            }
        }
    }

    package func liveSessions(of node: NodeID) throws -> [SessionRecord] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM session WHERE ended IS NULL AND (node = ? OR node IS NULL) ORDER BY started, id
                    """,
                arguments: [node]
            )
            .map(SQLiteStore.session)
        }
    }

    package func pruneSessions(endedBefore date: Date, limit: Int = 1000) throws -> Int {
        try write { database in
            // What ended before a date began before it, too, so that the index by the start serves.
            try database.execute(
                sql: """
                    DELETE FROM session WHERE rowid IN (
                        SELECT rowid FROM session WHERE ended IS NOT NULL AND started < ? AND ended < ?
                        ORDER BY started, id LIMIT ?
                    )
                    """,
                arguments: [date.milliseconds, date.milliseconds, limit]
            )
            return database.changesCount
        }
    }

    private static func session(_ row: Row) throws -> SessionRecord {
        let parameters = try? JSONDecoder()
            .decode(
                [String: [String]].self,
                from: Data((row["parameters"] as String).utf8)
            )
        return SessionRecord(
            id: row["id"],
            target: row["target"],
            owner: row["owner"],
            documentName: row["documentName"],
            reason: (row["reason"] as String?)?.cut(to: .sessionReason),
            parameters: try known(parameters),
            status: try known(SessionStatus(rawValue: row["status"])),
            started: Date(milliseconds: row["started"]),
            ended: (row["ended"] as Int64?).map(Date.init(milliseconds:)),
            details: (row["details"] as String?)?.cut(to: .sessionDetails),
            maxDuration: row["maxDuration"],
            user: row["user"],
            node: row["node"]
        )
    }
}
