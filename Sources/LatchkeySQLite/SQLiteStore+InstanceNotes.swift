// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

/// Notes about instances of other control planes have tables of their own, since these instances are not among the
/// store's.
extension SQLiteStore: InstanceRecords {
    package func notedHostKeys(of ids: [Instance.ID]) throws -> [Instance.ID: [HostKey]] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT * FROM remoteHostKey WHERE instanceID = ? ORDER BY pinned"
            )
            return try ids.reduce(into: [:]) { found, id in
                let keys = try Row.fetchAll(statement, arguments: [id]).map(SQLiteStore.hostKey)
                if !keys.isEmpty { found[id] = keys }
            }
        }
    }

    package func noteHostKeys(_ keys: [HostKey], of id: Instance.ID) throws {
        try write { database in try SQLiteStore.pinUnchanged(keys, id, in: .remote, database) }
    }

    package func replaceNotedHostKeys(_ keys: [HostKey], of id: Instance.ID) throws {
        try write { database in try SQLiteStore.replace(keys, id, in: .remote, database) }
    }

    package func notedAcceptedKey(of id: Instance.ID, user: String) throws -> PublicKey? {
        try read { database in
            try Data.fetchOne(
                database,
                sql: "SELECT publicKey FROM remoteAcceptedKey WHERE instanceID = ? AND user = ?",
                arguments: [id, user]
            )
            .flatMap { PublicKey(blob: $0) }
        }
    }

    package func noteAcceptedKey(_ key: PublicKey, ofRemote id: Instance.ID, user: String, at date: Date) throws {
        try write { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO remoteAcceptedKey (instanceID, user, publicKey, accepted) VALUES (?, ?, ?, ?)
                    """,
                arguments: [id, user, Data(key.blob), date.milliseconds]
            )
        }
    }
}
