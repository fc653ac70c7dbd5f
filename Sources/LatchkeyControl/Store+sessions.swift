// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel

extension Store {
    /// Adds a session; one whose status is an end has ended when it started, unless it says otherwise.
    package func add(_ session: SessionRecord) throws {
        let ended = session.status.isEnd ? session.ended ?? session.started : nil
        let parameters = try Store.json(session.parameters)
        try write { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO session (
                        id, target, owner, documentName, reason, parameters, status, started, ended, details, maxDuration,
                        user
                    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            )
            try statement.execute(arguments: [
                session.id, session.target, session.owner, session.documentName, session.reason, parameters,
                session.status.rawValue, session.started.milliseconds, ended?.milliseconds, session.details,
                session.maxDuration, session.user,
            ])
        }
    }

    /// - Returns: nil if there is none of that id.
    package func session(_ id: SessionRecord.ID) throws -> SessionRecord? {
        try row("SELECT * FROM session WHERE id = ?", [id], Store.session)
    }

    /// Changes the status of a session that has not ended.
    ///
    /// - Parameters:
    ///   - details: nil leaves them as they are.
    ///   - date: now; it becomes the session's end if the status is one.
    /// - Returns: false if nothing was changed, since there is no such session or it has ended.
    @discardableResult
    package func setSession(
        _ id: SessionRecord.ID,
        _ status: SessionStatus,
        details: String? = nil,
        at date: Date
    ) throws -> Bool {
        try setSessions([SessionChange(id: id, status: status, details: details, date: date)]) == 1
    }

    /// Makes several such changes at once, in their order.
    ///
    /// - Returns: how many changed something.
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

    /// The sessions that are alive, or those that have ended, that fulfil all filters, the newest first. However long the
    /// history is, a page costs the same; only where two of target, owner and status are given at once are the sessions
    /// of the first of them gone through.
    ///
    /// - Parameters:
    ///   - limit: how many at the most, 1 or more.
    ///   - cursor: where the page before this one ended.
    package func sessions(
        isActive: Bool,
        _ filters: [SessionFilter] = [],
        limit: Int,
        after cursor: PageCursor? = nil
    ) throws -> Page<SessionRecord> {
        let query = SessionQuery(isActive: isActive, filters, limit: limit, after: cursor)
        return try read { database in
            let found = try Row.fetchAll(database, sql: query.sql, arguments: query.arguments).map(Store.session)
            return Page(found, limit: limit) { session in
                PageBudget.element + (session.reason?.utf8.count ?? 0) + (session.details?.utf8.count ?? 0)
            } cursor: {
                PageCursor($0.started, $0.id)
            }
        }
    }

    /// Every session that has not ended, the oldest first.
    package func liveSessions() throws -> [SessionRecord] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM session WHERE ended IS NULL ORDER BY started, id")
                .map(Store.session)
        }
    }

    /// Deletes sessions that ended before a date, the oldest first.
    ///
    /// - Parameter limit: how many at the most, so that others who write need not wait long.
    /// - Returns: how many; as many as the limit if there may be more.
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
            user: row["user"]
        )
    }
}

/// What becomes of a session: see ``Store/setSession(_:_:details:at:)``.
package struct SessionChange: Sendable {
    package let id: SessionRecord.ID
    package let status: SessionStatus
    package let details: String?
    package let date: Date

    package init(id: SessionRecord.ID, status: SessionStatus, details: String?, date: Date) {
        self.id = id
        self.status = status
        self.details = details
        self.date = date
    }
}
