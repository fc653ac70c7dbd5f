// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
internal import LatchkeyCrypto
package import LatchkeyModel
package import LatchkeyStore

extension SQLiteStore {
    package func add(_ activation: Activation, codeDigest: [UInt8]) throws {
        try write { database in
            if let id = activation.instanceID {
                try database.execute(sql: "DELETE FROM activation WHERE instanceID = ?", arguments: [id])
            }
            try database.execute(
                sql: """
                    INSERT INTO activation (
                        id, codeDigest, description, defaultInstanceName, iamRole, registrationLimit,
                        registrationsCount, expiration, created, instanceID
                    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    activation.id, Data(codeDigest), activation.description, activation.defaultInstanceName,
                    activation.iamRole, activation.registrationLimit, activation.registrationsCount,
                    activation.expiration.milliseconds, activation.created.milliseconds, activation.instanceID,
                ]
            )
            for (key, value) in activation.tags {
                try database.execute(
                    sql: "INSERT INTO activationTag (activationID, key, value) VALUES (?, ?, ?)",
                    arguments: [activation.id, key, value]
                )
            }
        }
    }

    package func activations(
        _ filters: [ActivationFilter] = [],
        limit: Int,
        after cursor: PageCursor? = nil
    ) throws -> Page<Activation> {
        var conditions = Conditions()
        for filter in filters { filter.add(to: &conditions) }
        conditions.add("instanceID IS NULL")
        if let cursor { conditions.add("(created, id) > (?, ?)", [cursor.time, cursor.id]) }
        return try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT * FROM activation \(conditions.clause) ORDER BY created, id LIMIT ?",
                arguments: conditions.arguments + [limit + 1]
            )
            let found = try rows.map { try SQLiteStore.activation($0, database) }
            return Page(found, limit: limit) { activation in
                PageBudget.element + PageBudget.size(of: activation.tags)
            } cursor: {
                PageCursor($0.created, $0.id)
            }
        }
    }

    package func activation(_ id: Activation.ID) throws -> Activation? {
        try read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM activation WHERE id = ?", arguments: [id])
                .map { try SQLiteStore.activation($0, database) }
        }
    }

    package func activationIsGood(_ id: Activation.ID, codeDigest: [UInt8], at date: Date) throws -> Bool {
        try read { database in
            let row = try Row.fetchOne(
                database,
                sql: "SELECT codeDigest, expiration FROM activation WHERE id = ?",
                arguments: [id]
            )
            guard let row else { return false }
            return ConstantTime.equal([UInt8](row[0] as Data), codeDigest) && date < Date(milliseconds: row[1])
        }
    }

    package func removeActivation(_ id: Activation.ID) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM activation WHERE id = ?", arguments: [id])
            if database.changesCount == 0 { throw LatchkeyError.activationNotFound(id) }
        }
    }

    static func activation(_ row: Row, _ database: Database) throws -> Activation {
        let tags = try Row.fetchAll(
            database,
            sql: "SELECT key, value FROM activationTag WHERE activationID = ?",
            arguments: [row["id"] as String]
        )
        return Activation(
            id: row["id"],
            description: (row["description"] as String?)?.cut(to: .activationDescription),
            defaultInstanceName: (row["defaultInstanceName"] as String?)?.cut(to: .instanceName),
            iamRole: (row["iamRole"] as String?)?.cut(to: .roleName),
            registrationLimit: row["registrationLimit"],
            registrationsCount: row["registrationsCount"],
            expiration: Date(milliseconds: row["expiration"]),
            created: Date(milliseconds: row["created"]),
            tags: SQLiteStore.tags(tags),
            instanceID: row["instanceID"]
        )
    }
}
