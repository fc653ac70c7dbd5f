// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel

extension Store {
    /// Adds instances that are launched together, all of them or none, with the same tags. As at EC2, they may have one name,
    /// and others' too.
    ///
    /// - Parameters:
    ///   - userData: what each of them is given to read; nil for nothing.
    ///   - volumeTags: the tags of their volumes.
    /// - Returns: what was launched with the same client token before, in which case nothing is added; empty if nothing was.
    /// - Throws: `nameInvalid` if their name looks like another instance's, and is not the same.
    @discardableResult
    package func launch(
        _ launches: [(Instance, LaunchRecord)],
        userData: [UInt8]?,
        volumeTags: Tags = [:]
    ) throws -> [LaunchRecord] {
        try write { database in
            if let token = launches.first?.1.idempotency?.clientToken {
                let known = try Store.launches(withClientToken: token, database)
                if !known.isEmpty { return known }
            }
            if let tags = launches.first?.0.tags {
                try Store.checkName(in: tags, of: launches.map(\.0.id), database)
            }
            for (instance, record) in launches {
                try Store.insert(instance, database)
                try Store.insert(record, userData, volumeTags, database)
            }
            return []
        }
    }

    /// How an instance was launched; nil if it was not launched here.
    package func launch(of id: Instance.ID) throws -> LaunchRecord? {
        try row("SELECT \(Store.launchColumns) FROM launch WHERE instanceID = ?", [id], Store.launchRecord)
    }

    /// How these instances were launched, without those that were not launched here.
    package func launches(of ids: [Instance.ID]) throws -> [Instance.ID: LaunchRecord] {
        try read { database in try Store.launches(of: ids, database) }
    }

    /// Every launched instance that is not terminated, the first one first.
    package func launches() throws -> [LaunchRecord] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(Store.launchColumns) FROM launch JOIN instance ON instance.id = instanceID
                    WHERE instance.state <> 'terminated' ORDER BY launched, instanceID
                    """
            )
            .map(Store.launchRecord)
        }
    }

    /// What launches were asked for with this token, by their index; empty if none was.
    package func launches(withClientToken token: String) throws -> [LaunchRecord] {
        try read { database in try Store.launches(withClientToken: token, database) }
    }

    private static func launches(withClientToken token: String, _ database: Database) throws -> [LaunchRecord] {
        try Row.fetchAll(
            database,
            sql: "SELECT \(launchColumns) FROM launch WHERE clientToken = ? ORDER BY launchIndex",
            arguments: [token]
        )
        .map(launchRecord)
    }

    /// What an instance was given to read when it was launched; nil if nothing.
    package func userData(of id: Instance.ID) throws -> [UInt8]? {
        try read { database in
            try Data.fetchOne(database, sql: "SELECT userData FROM launch WHERE instanceID = ?", arguments: [id])
                .map { [UInt8]($0) }
        }
    }

    /// The tags of the volumes that instances were launched with, without those that were given none.
    package func volumeTags(of ids: [Instance.ID]) throws -> [Instance.ID: Tags] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT instanceID, volumeTags FROM launch
                    WHERE volumeTags IS NOT NULL AND instanceID IN (SELECT value FROM json_each(?))
                    """,
                arguments: [try Store.json(ids)]
            )
            return try rows.reduce(into: [:]) { tags, row in
                tags[row[0] as String] = try JSONDecoder().decode(Tags.self, from: Data((row[1] as String).utf8))
            }
        }
    }

    /// The types of instances that were launched, at most so many.
    package func launchedTypes(limit: Int) throws -> [String] {
        try read { database in
            try String.fetchAll(database, sql: "SELECT DISTINCT instanceType FROM launch LIMIT ?", arguments: [limit])
        }
    }

    /// Notes the container of a launched instance, or that it has none (any more).
    ///
    /// - Throws: `instanceNotFound` if it was not launched here.
    package func setContainer(_ container: String?, of id: Instance.ID) throws {
        try write { database in
            try database.execute(
                sql: "UPDATE launch SET container = ? WHERE instanceID = ?",
                arguments: [container, id]
            )
            if database.changesCount == 0 { throw LatchkeyError.instanceNotFound(id) }
        }
    }

    /// Puts an instance into another state, if it is in one of these. One that begins to run is launched at that moment.
    ///
    /// - Parameters:
    ///   - date: when the state that was seen had come about; nil for any.
    ///   - reason: why; nil takes away the reason before.
    /// - Returns: the state before; nil, and nothing is changed, if it was not one of `expected`, or is a newer one.
    /// - Throws: `instanceNotFound`.
    @discardableResult
    package func setState(
        of id: Instance.ID,
        _ state: InstanceState,
        from expected: Set<InstanceState> = Set(InstanceState.allCases),
        unchangedSince date: Date? = nil,
        reason: LaunchRecord.StateReason? = nil,
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
            let before = try Store.known(InstanceState(rawValue: known))
            guard expected.contains(before) else { return nil }
            guard before != state else { return before }
            try Store.set(state, of: id, reason: reason, at: now, database)
            return before
        }
    }

    /// Puts these in the place of the addresses by which an instance is reached over SSH, and the port beside them.
    package func setAddresses(_ addresses: [String], port: Int, of id: Instance.ID) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM instanceAddress WHERE instanceID = ?", arguments: [id])
            for (position, address) in addresses.enumerated() {
                try database.execute(
                    sql: "INSERT INTO instanceAddress (instanceID, position, address) VALUES (?, ?, ?)",
                    arguments: [id, position, address]
                )
            }
            try database.execute(sql: "UPDATE instance SET port = ? WHERE id = ?", arguments: [port, id])
        }
    }

    /// Forgets launched instances that have been terminated for so long.
    package func removeTerminatedLaunches(before date: Date) throws {
        let condition = "state = 'terminated' AND id IN (SELECT instanceID FROM launch WHERE stateChanged < ?)"
        // Asked often, and nearly always in vain: then nobody who writes has to wait for it.
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
