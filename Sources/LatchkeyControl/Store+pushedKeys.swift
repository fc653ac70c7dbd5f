// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel

extension Store {
    /// Keeps a key until it expires, beside others of the same user. One that is pushed again lives on from then. What has
    /// expired by `date` is forgotten.
    ///
    /// - Throws: `instanceNotFound`.
    package func push(_ key: PushedKey, at date: Date) throws {
        try write { database in
            guard try Store.exists("instance", "id", key.instanceID, database) else {
                throw LatchkeyError.instanceNotFound(key.instanceID)
            }
            try database.execute(sql: "DELETE FROM pushedKey WHERE expires <= ?", arguments: [date.milliseconds])
            try database.execute(
                sql: "INSERT OR REPLACE INTO pushedKey (instanceID, user, publicKey, expires) VALUES (?, ?, ?, ?)",
                arguments: [key.instanceID, key.user, Data(key.publicKey.blob), key.expires.milliseconds]
            )
        }
    }

    /// The keys that open an instance for one of its users at this moment, or for all of its users, the one that expires first
    /// at the beginning.
    package func pushedKeys(of id: Instance.ID, user: String? = nil, at date: Date) throws -> [PushedKey] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM pushedKey WHERE instanceID = ? AND (? IS NULL OR user = ?) AND expires > ?
                    ORDER BY expires, user, publicKey
                    """,
                arguments: [id, user, user, date.milliseconds]
            )
            .map { row in
                PushedKey(
                    instanceID: row["instanceID"],
                    user: row["user"],
                    publicKey: try Store.known(PublicKey(blob: row["publicKey"] as Data)),
                    expires: Date(milliseconds: row["expires"])
                )
            }
        }
    }
}
