// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore {
    package func lastContacts(of ids: [Instance.ID]) throws -> [Instance.ID: LastContact] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT instance.id, managedInstance.lastPing,
                        (SELECT MAX(accepted) FROM acceptedKey WHERE acceptedKey.instanceID = instance.id)
                    FROM json_each(?) JOIN instance ON instance.id = json_each.value
                    LEFT JOIN managedInstance ON managedInstance.instanceID = instance.id
                    WHERE NOT EXISTS (SELECT 1 FROM launch WHERE launch.instanceID = instance.id)
                    """,
                arguments: [try SQLiteStore.json(ids)]
            )
            return rows.reduce(into: [:]) { found, row in
                let times = [row[1] as Int64?, row[2] as Int64?].compactMap { $0 }
                found[row[0]] = times.max().map { .reached(Date(milliseconds: $0)) } ?? .added
            }
        }
    }
}
