// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore {
    package func push(
        _ key: PublicKey,
        to instanceID: Instance.ID,
        user: String,
        by accessKeyID: AccessKey.ID? = nil,
        until end: Date,
        at now: Date
    ) throws -> Bool {
        try write { database in
            guard try SQLiteStore.exists("instance", "id", instanceID, database) else {
                throw LatchkeyError.instanceNotFound(instanceID)
            }
            try database.execute(sql: "DELETE FROM pushedKey WHERE expires <= ?", arguments: [now.milliseconds])
            let count = try Int.fetchOne(
                database,
                sql: "SELECT COUNT(*) FROM pushedKey WHERE instanceID = ? AND user = ? AND publicKey <> ?",
                arguments: [instanceID, user, Data(key.blob)]
            )
            guard count ?? 0 < StoreLimit.pushedKeysPerUser else { return false }
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO pushedKey (instanceID, user, publicKey, expires, accessKeyID)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [instanceID, user, Data(key.blob), end.milliseconds, accessKeyID]
            )
            return true
        }
    }

    package func pushedKeys(
        of instanceID: Instance.ID,
        user: String,
        at now: Date
    ) throws -> [(key: PublicKey, end: Date)] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT publicKey, expires FROM pushedKey WHERE instanceID = ? AND user = ? AND expires > ?
                        AND (accessKeyID IS NULL OR accessKeyID IN (SELECT id FROM accessKey))
                    ORDER BY publicKey
                    """,
                arguments: [instanceID, user, now.milliseconds]
            )
            .compactMap { row in
                let blob: Data = row[0]
                return PublicKey(blob: blob).map { ($0, Date(milliseconds: row[1])) }
            }
        }
    }
}
