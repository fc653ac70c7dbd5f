// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel

extension Store {
    /// The agent's side of an instance; nil if there is no such instance or no agent on it.
    package func managedInstance(_ id: Instance.ID) throws -> ManagedInstance? {
        try row("SELECT * FROM managedInstance WHERE instanceID = ?", [id], Store.managedInstance)
    }

    /// The agents that fulfil all filters, the one that registered first at the beginning. That of a terminated instance is none
    /// any more.
    ///
    /// - Parameters:
    ///   - limit: how many at the most, 1 or more.
    ///   - cursor: where the page before this one ended.
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
                .map(Store.managedInstance)
            return Page(found, limit: limit) { _ in
                PageBudget.element + 7 * TextLimit.reportedField.bytes
            } cursor: {
                PageCursor($0.registered, $0.instanceID)
            }
        }
    }

    /// Those of these instances that have an agent.
    package func managedInstanceIDs(among ids: [Instance.ID]) throws -> Set<Instance.ID> {
        try read { database in
            try String.fetchSet(
                database,
                sql: "SELECT instanceID FROM managedInstance WHERE instanceID IN (SELECT value FROM json_each(?))",
                arguments: [try Store.json(ids)]
            )
        }
    }

    /// Gives an agent to an instance that was added without one.
    ///
    /// - Throws: `instanceNotFound`, or `instanceExists` if the instance has an agent: whose key it is does not change.
    package func add(_ managed: ManagedInstance) throws {
        try write { database in
            guard try Store.exists("instance", "id", managed.instanceID, database) else {
                throw LatchkeyError.instanceNotFound(managed.instanceID)
            }
            guard try !Store.exists("managedInstance", "instanceID", managed.instanceID, database) else {
                throw LatchkeyError(.instanceExists, "instance '\(managed.instanceID)' has an agent already")
            }
            try Store.insert(managed, database)
        }
    }

    /// Takes in what an agent says of itself, and that it was heard of. What it does not say stays as it was. An instance
    /// without a name is given its computer's, if that is lawful and free.
    ///
    /// - Throws: `instanceNotFound` if there is no such instance or no agent on it.
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
            if isNamed == false, try Store.isFree(name, database) {
                try Store.setTags([Tags.nameKey: name], of: id, database)
            }
        }
    }

    /// Notes when agents were heard of, all or none of them. Instances that are gone are left out.
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

extension Store {
    /// Takes in what an agent says about how its instance is reached over SSH. Host keys that a person gave or confirmed
    /// are left alone; those that the agent reported before, or that were read on a console, give way to what it reports now. Addresses and port are taken
    /// only where none are noted.
    package func noteReachability(
        of id: Instance.ID,
        hostKeys: [PublicKey],
        addresses: [String],
        port: Int?,
        at date: Date
    ) throws {
        try write { database in
            guard let instance = try Store.fetch([id], database).first else { return }
            let isOurs = instance.hostKeys.allSatisfy { [.agent, .console].contains($0.source) }
            if isOurs, !hostKeys.isEmpty, Set(instance.hostKeys.map(\.key)) != Set(hostKeys) {
                try database.execute(sql: "DELETE FROM hostKey WHERE instanceID = ?", arguments: [id])
                try Store.pin(hostKeys.map { HostKey(key: $0, source: .agent, pinned: date) }, id, database)
            }
            guard instance.addresses.isEmpty, !addresses.isEmpty else { return }
            for (position, address) in addresses.enumerated() {
                try database.execute(
                    sql: "INSERT OR IGNORE INTO instanceAddress (instanceID, position, address) VALUES (?, ?, ?)",
                    arguments: [id, position, address]
                )
            }
            if let port {
                try database.execute(sql: "UPDATE instance SET port = ? WHERE id = ?", arguments: [port, id])
            }
        }
    }
}
