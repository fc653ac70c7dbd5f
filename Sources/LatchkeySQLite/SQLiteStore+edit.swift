// SPDX-License-Identifier: Apache-2.0

internal import GRDB
package import LatchkeyModel
internal import LatchkeyStore

extension SQLiteStore {
    /// Changes how an instance is reached. Its id, tags and pinned host keys stay.
    ///
    /// - Throws: `instanceNotFound`; `requestRefused` for the address or port of one that latchkeyd has launched.
    package func edit(_ id: Instance.ID, _ update: InstanceUpdate) throws {
        try write { database in
            guard try SQLiteStore.exists("instance", "id", id, database) else {
                throw LatchkeyError.instanceNotFound(id)
            }
            if update.addresses != nil || update.port != nil,
                try SQLiteStore.exists("launch", "instanceID", id, database)
            {
                throw LatchkeyError(
                    .requestRefused,
                    "\(id) was launched by latchkeyd, which gives it its address",
                    hint: "its user and key can be changed"
                )
            }
            if let addresses = update.addresses {
                try database.execute(sql: "DELETE FROM instanceAddress WHERE instanceID = ?", arguments: [id])
                try SQLiteStore.insert(addresses: addresses, of: id, database)
            }
            if let port = update.port {
                try database.execute(sql: "UPDATE instance SET port = ? WHERE id = ?", arguments: [port, id])
            }
            if let user = update.user {
                try database.execute(sql: "UPDATE instance SET user = ? WHERE id = ?", arguments: [user, id])
            }
            if let keyName = update.keyName {
                try database.execute(sql: "UPDATE instance SET keyName = ? WHERE id = ?", arguments: [keyName, id])
            }
        }
    }
}
