// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
package import LatchkeyStore

extension SQLiteStore {
    package func managedInstance(_ id: Instance.ID) throws -> ManagedInstance? {
        try row("SELECT * FROM managedInstance WHERE instanceID = ?", [id], SQLiteStore.managedInstance)
    }

    package func managedInstances(
        _ filters: [ManagedInstanceFilter] = [],
        limit: Int,
        after cursor: PageCursor? = nil
    ) throws -> Page<ManagedInstance> {
        var conditions = Conditions()
        conditions.add("NOT EXISTS (SELECT 1 FROM instance WHERE id = instanceID AND state = 'terminated')")
        for filter in filters { try filter.add(to: &conditions) }
        if let cursor { conditions.add("(registered, instanceID) > (?, ?)", [cursor.time, cursor.id]) }
        return try read { database in
            let found =
                try Row.fetchAll(
                    database,
                    sql: "SELECT * FROM managedInstance \(conditions.clause) ORDER BY registered, instanceID LIMIT ?",
                    arguments: conditions.arguments + [limit + 1]
                )
                .map(SQLiteStore.managedInstance)
            return Page(found, limit: limit) { _ in
                PageBudget.element + 7 * TextLimit.reportedField.bytes
            } cursor: {
                PageCursor($0.registered, $0.instanceID)
            }
        }
    }

    package func managedInstanceIDs(among ids: [Instance.ID]) throws -> Set<Instance.ID> {
        try read { database in
            try String.fetchSet(
                database,
                sql: "SELECT instanceID FROM managedInstance WHERE instanceID IN (SELECT value FROM json_each(?))",
                arguments: [try SQLiteStore.json(ids)]
            )
        }
    }

    package func add(_ managed: ManagedInstance) throws {
        try write { database in
            guard try SQLiteStore.exists("instance", "id", managed.instanceID, database) else {
                throw LatchkeyError.instanceNotFound(managed.instanceID)
            }
            guard try !SQLiteStore.exists("managedInstance", "instanceID", managed.instanceID, database) else {
                throw LatchkeyError(.instanceExists, "instance '\(managed.instanceID)' has an agent already")
            }
            try SQLiteStore.insert(managed, database)
        }
    }

    package func update(_ id: Instance.ID, with report: ManagedInstance.Report, at date: Date) throws {
        try write { database in
            try database.execute(
                sql: """
                    UPDATE managedInstance SET
                        lastPing = ?,
                        agentName = COALESCE(?, agentName),
                        agentVersion = COALESCE(?, agentVersion),
                        platformName = COALESCE(?, platformName),
                        platformType = COALESCE(?, platformType),
                        platformVersion = COALESCE(?, platformVersion),
                        ipAddress = COALESCE(?, ipAddress),
                        computerName = COALESCE(?, computerName)
                    WHERE instanceID = ?
                    """,
                arguments: [
                    date.milliseconds, report.agentName, report.agentVersion, report.platformName, report.platformType,
                    report.platformVersion, report.ipAddress, report.computerName, id,
                ]
            )
            if database.changesCount == 0 { throw LatchkeyError.instanceNotFound(id) }
            guard let name = report.computerName else { return }
            let isNamed = try Bool.fetchOne(
                database,
                sql: "SELECT EXISTS (SELECT 1 FROM instanceTag WHERE instanceID = ? AND key = 'Name')",
                arguments: [id]
            )
            if isNamed == false, try SQLiteStore.isFree(name, database) {
                try SQLiteStore.setTags([Tags.nameKey: name], of: id, database)
            }
        }
    }

    package func notePings(_ dates: [Instance.ID: Date]) throws {
        try write { database in
            let statement = try database.cachedStatement(
                sql: "UPDATE managedInstance SET lastPing = ? WHERE instanceID = ?"
            )
            for (id, date) in dates { try statement.execute(arguments: [date.milliseconds, id]) }
        }
    }

    static func insert(_ managed: ManagedInstance, _ database: Database) throws {
        let report = managed.report
        try database.execute(
            sql: """
                INSERT INTO managedInstance (
                    instanceID, publicKey, machineFingerprint, activationID, registered, lastPing, agentName, agentVersion,
                    platformName, platformType, platformVersion, ipAddress, computerName
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                managed.instanceID, Data(managed.publicKeyDER), managed.machineFingerprint, managed.activationID,
                managed.registered.milliseconds, managed.lastPing?.milliseconds, report.agentName, report.agentVersion,
                report.platformName, report.platformType, report.platformVersion, report.ipAddress, report.computerName,
            ]
        )
    }

    static func exists(_ table: String, _ column: String, _ id: String, _ database: Database) throws -> Bool {
        try Bool.fetchOne(
            database,
            sql: "SELECT EXISTS (SELECT 1 FROM \(table) WHERE \(column) = ?)",
            arguments: [id]
        ) ?? false
    }

    private static func managedInstance(_ row: Row) -> ManagedInstance {
        // What was stored before there were limits is within them, too.
        func reported(_ column: String) -> String? { (row[column] as String?)?.cut(to: .reportedField) }
        return ManagedInstance(
            instanceID: row["instanceID"],
            publicKeyDER: [UInt8](row["publicKey"] as Data),
            machineFingerprint: (row["machineFingerprint"] as String).cut(to: .machineFingerprint),
            activationID: row["activationID"],
            registered: Date(milliseconds: row["registered"]),
            lastPing: (row["lastPing"] as Int64?).map(Date.init(milliseconds:)),
            report: ManagedInstance.Report(
                agentName: reported("agentName"),
                agentVersion: reported("agentVersion"),
                platformName: reported("platformName"),
                platformType: reported("platformType"),
                platformVersion: reported("platformVersion"),
                ipAddress: reported("ipAddress"),
                computerName: reported("computerName")
            )
        )
    }
}

extension SQLiteStore {
    package func noteReachability(
        of id: Instance.ID,
        hostKeys: [PublicKey],
        addresses: [String],
        port: Int?,
        at date: Date
    ) throws {
        try write { database in
            guard let instance = try SQLiteStore.fetch([id], database).first else { return }
            let isOurs = instance.hostKeys.allSatisfy { [.agent, .console].contains($0.source) }
            if isOurs, !hostKeys.isEmpty, Set(instance.hostKeys.map(\.key)) != Set(hostKeys) {
                let keys = hostKeys.map { HostKey(key: $0, source: .agent, pinned: date) }
                try SQLiteStore.replace(keys, id, in: .own, database)
            }
            guard instance.addresses.isEmpty, !addresses.isEmpty else { return }
            try SQLiteStore.insert(addresses: addresses, of: id, database)
            if let port {
                try database.execute(sql: "UPDATE instance SET port = ? WHERE id = ?", arguments: [port, id])
            }
        }
    }
}
