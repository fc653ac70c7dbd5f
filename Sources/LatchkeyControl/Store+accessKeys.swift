// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel

extension Store {
    /// - Parameter sealedSecret: the secret, encrypted by a key that is not in the store.
    package func addAccessKey(_ key: AccessKey, sealedSecret: [UInt8]) throws {
        try write { database in
            try database.execute(
                sql: "INSERT INTO accessKey (id, userName, sealedSecret, created, lastUsed) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    key.id, key.userName, Data(sealedSecret), key.created.milliseconds, key.lastUsed?.milliseconds,
                ]
            )
        }
    }

    /// Every access key, by user and then by age, the oldest first.
    package func accessKeys() throws -> [AccessKey] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM accessKey ORDER BY userName, created, id")
                .map(Store.accessKey)
        }
    }

    /// An access key and its sealed secret; nil if there is none of that id.
    package func accessKey(_ id: AccessKey.ID) throws -> (key: AccessKey, sealedSecret: [UInt8])? {
        try row("SELECT * FROM accessKey WHERE id = ?", [id]) {
            (Store.accessKey($0), [UInt8]($0["sealedSecret"] as Data))
        }
    }

    /// - Throws: `accessKeyNotFound`.
    package func removeAccessKey(_ id: AccessKey.ID) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM accessKey WHERE id = ?", arguments: [id])
            if database.changesCount == 0 { throw LatchkeyError.accessKeyNotFound(id) }
        }
    }

    /// Notes that a key was used, if the last note is a minute old or older. A key that is gone is passed over.
    package func noteAccessKeyUse(_ id: AccessKey.ID, at date: Date) throws {
        let isDue = "id = ? AND (lastUsed IS NULL OR lastUsed <= ? - 60000)"
        let arguments: StatementArguments = [id, date.milliseconds]
        // Looked at first without the right to write, for which requests would queue.
        guard try row("SELECT 1 FROM accessKey WHERE \(isDue)", arguments, { _ in true }) == true else { return }
        try write { database in
            try database.execute(
                sql: "UPDATE accessKey SET lastUsed = ? WHERE \(isDue)",
                arguments: [date.milliseconds] + arguments
            )
        }
    }

    private static func accessKey(_ row: Row) -> AccessKey {
        AccessKey(
            id: row["id"],
            userName: row["userName"],
            created: Date(milliseconds: row["created"]),
            lastUsed: (row["lastUsed"] as Int64?).map(Date.init(milliseconds:))
        )
    }
}
