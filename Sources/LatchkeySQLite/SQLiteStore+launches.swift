// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore {
    @discardableResult
    package func launch(
        _ launches: [(Instance, LaunchRecord)],
        userData: [UInt8]?,
        volumeTags: Tags = [:]
    ) throws -> [LaunchRecord] {
        try write { database in
            if let token = launches.first?.1.idempotency?.clientToken {
                let known = try SQLiteStore.launches(withClientToken: token, database)
                if !known.isEmpty { return known }
            }
            if let tags = launches.first?.0.tags {
                try SQLiteStore.checkName(in: tags, of: launches.map(\.0.id), database)
            }
            for (instance, record) in launches {
                try SQLiteStore.insert(instance, database)
                try SQLiteStore.insert(record, userData, volumeTags, database)
            }
            return []
        }
    }

    package func launch(of id: Instance.ID) throws -> LaunchRecord? {
        try row("SELECT \(SQLiteStore.launchColumns) FROM launch WHERE instanceID = ?", [id], SQLiteStore.launchRecord)
    }

    package func launches(of ids: [Instance.ID]) throws -> [Instance.ID: LaunchRecord] {
        try read { database in try SQLiteStore.launches(of: ids, database) }
    }

    package func launches() throws -> [LaunchRecord] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(SQLiteStore.launchColumns) FROM launch JOIN instance ON instance.id = instanceID
                    WHERE instance.state <> 'terminated' ORDER BY launched, instanceID
                    """
            )
            .map(SQLiteStore.launchRecord)
        }
    }

    package func launches(withClientToken token: String) throws -> [LaunchRecord] {
        try read { database in try SQLiteStore.launches(withClientToken: token, database) }
    }

    private static func launches(withClientToken token: String, _ database: Database) throws -> [LaunchRecord] {
        try Row.fetchAll(
            database,
            sql: "SELECT \(launchColumns) FROM launch WHERE clientToken = ? ORDER BY launchIndex",
            arguments: [token]
        )
        .map(launchRecord)
    }

    package func userData(of id: Instance.ID) throws -> [UInt8]? {
        try read { database in
            try Data.fetchOne(database, sql: "SELECT userData FROM launch WHERE instanceID = ?", arguments: [id])
                .map { [UInt8]($0) }
        }
    }

    package func volumeTags(of ids: [Instance.ID]) throws -> [Instance.ID: Tags] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT instanceID, volumeTags FROM launch
                    WHERE volumeTags IS NOT NULL AND instanceID IN (SELECT value FROM json_each(?))
                    """,
                arguments: [try SQLiteStore.json(ids)]
            )
            return try rows.reduce(into: [:]) { tags, row in
                tags[row[0] as String] = try JSONDecoder().decode(Tags.self, from: Data((row[1] as String).utf8))
            }
        }
    }

    package func launchedTypes(limit: Int) throws -> [String] {
        try read { database in
            try String.fetchAll(database, sql: "SELECT DISTINCT instanceType FROM launch LIMIT ?", arguments: [limit])
        }
    }

    package func setContainer(_ container: String?, of id: Instance.ID) throws {
        try write { database in
            try database.execute(
                sql: "UPDATE launch SET container = ? WHERE instanceID = ?",
                arguments: [container, id]
            )
            if database.changesCount == 0 { throw LatchkeyError.instanceNotFound(id) }
        }
    }

    @discardableResult
    package func setState(
        of id: Instance.ID,
        _ state: InstanceState,
        from expected: Set<InstanceState>,
        unchangedSince date: Date?,
        reason: LaunchRecord.StateReason?,
        at now: Date
    ) throws -> InstanceState? {
        try write { database in
            if let date {
                let changed = try Int64.fetchOne(
                    database,
                    sql: "SELECT stateChanged FROM launch WHERE instanceID = ?",
                    arguments: [id]
                )
                guard changed == date.milliseconds else { return nil }
            }
            let known = try String.fetchOne(database, sql: "SELECT state FROM instance WHERE id = ?", arguments: [id])
            guard let known else { throw LatchkeyError.instanceNotFound(id) }
            let before = try SQLiteStore.known(InstanceState(rawValue: known))
            guard expected.contains(before) else { return nil }
            guard before != state else { return before }
            try SQLiteStore.set(state, of: id, reason: reason, at: now, database)
            return before
        }
    }

    package func setAddresses(_ addresses: [String], port: Int, of id: Instance.ID) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM instanceAddress WHERE instanceID = ?", arguments: [id])
            try SQLiteStore.insert(addresses: addresses, of: id, database)
            try database.execute(sql: "UPDATE instance SET port = ? WHERE id = ?", arguments: [port, id])
        }
    }

    package func removeTerminatedLaunches(before date: Date) throws {
        let condition = "state = 'terminated' AND id IN (SELECT instanceID FROM launch WHERE stateChanged < ?)"
        // Asked often, and nearly always in vain. Reading first keeps writers from waiting for it.
        let isNeeded = try read { database in
            try Bool.fetchOne(
                database,
                sql: "SELECT EXISTS (SELECT 1 FROM instance WHERE \(condition))",
                arguments: [date.milliseconds]
            )
        }
        guard isNeeded == true else { return }
        try write { database in
            try database.execute(sql: "DELETE FROM instance WHERE \(condition)", arguments: [date.milliseconds])
        }
    }

    // MARK: Rows

    static func set(
        _ state: InstanceState,
        of id: Instance.ID,
        reason: LaunchRecord.StateReason?,
        at date: Date,
        _ database: Database
    ) throws {
        try database.execute(
            sql: "UPDATE instance SET state = ? WHERE id = ?",
            arguments: [state.rawValue, id]
        )
        try database.execute(
            sql: """
                UPDATE launch SET stateChanged = ?, stateReasonCode = ?, stateReasonMessage = ?,
                    launched = CASE WHEN ? = 'pending' THEN ? ELSE launched END
                WHERE instanceID = ?
                """,
            arguments: [
                date.milliseconds, reason?.code, reason?.message.cut(to: .stateReason), state.rawValue,
                date.milliseconds, id,
            ]
        )
    }

    /// All but what an instance is given to read, which may be long.
    static let launchColumns = """
        instanceID, reservationID, launchIndex, imageID, instanceType, launched, clientToken, requestDigest, container,
        stateReasonCode, stateReasonMessage, stateChanged, options
        """

    static func launches(of ids: [Instance.ID], _ database: Database) throws -> [Instance.ID: LaunchRecord] {
        let statement = try database.cachedStatement(
            sql: "SELECT \(launchColumns) FROM launch WHERE instanceID = ?"
        )
        var found: [Instance.ID: LaunchRecord] = [:]
        for id in ids {
            if let row = try Row.fetchOne(statement, arguments: [id]) { found[id] = launchRecord(row) }
        }
        return found
    }

    private static func insert(
        _ record: LaunchRecord,
        _ userData: [UInt8]?,
        _ volumeTags: Tags,
        _ database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO launch (\(launchColumns), userData, volumeTags)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                record.instanceID, record.reservationID, record.launchIndex, record.imageID, record.instanceType,
                record.launched.milliseconds, record.idempotency?.clientToken,
                record.idempotency.map { Data($0.requestDigest) }, record.container,
                record.stateReason?.code, record.stateReason?.message, record.stateChanged.milliseconds,
                record.options, userData.map { Data($0) }, volumeTags.isEmpty ? nil : try json(volumeTags),
            ]
        )
    }

    static func launchRecord(_ row: Row) -> LaunchRecord {
        var reason: LaunchRecord.StateReason?
        if let code = row["stateReasonCode"] as String?, let message = row["stateReasonMessage"] as String? {
            reason = LaunchRecord.StateReason(code: code, message: message.cut(to: .stateReason))
        }
        var idempotency: LaunchRecord.Idempotency?
        if let token = row["clientToken"] as String?, let digest = row["requestDigest"] as Data? {
            idempotency = LaunchRecord.Idempotency(clientToken: token, requestDigest: [UInt8](digest))
        }
        return LaunchRecord(
            instanceID: row["instanceID"],
            reservationID: row["reservationID"],
            launchIndex: row["launchIndex"],
            imageID: row["imageID"],
            instanceType: row["instanceType"],
            launched: Date(milliseconds: row["launched"]),
            idempotency: idempotency,
            container: row["container"],
            stateReason: reason,
            stateChanged: Date(milliseconds: row["stateChanged"]),
            options: row["options"]
        )
    }
}
