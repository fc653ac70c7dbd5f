// SPDX-License-Identifier: Apache-2.0

internal import GRDB
package import LatchkeyModel

extension Store {
    /// What can be changed of an instance that was added; nil for what stays.
    package struct Edit {
        package var addresses: [String]?
        package var port: Int?
        /// Nil inside for none.
        package var user: String??
        /// The name of the key pair that it was launched with; nil inside for none.
        package var keyName: String??

        package init() {}
    }

    /// Changes how an instance is reached. Its id, tags and pinned host keys stay.
    ///
    /// - Throws: `instanceNotFound`; `requestRefused` for the address or port of one that latchkeyd has launched.
    package func edit(_ id: Instance.ID, _ edit: Edit) throws {
        try write { database in
            guard try Store.exists("instance", "id", id, database) else { throw LatchkeyError.instanceNotFound(id) }
            if edit.addresses != nil || edit.port != nil, try Store.exists("launch", "instanceID", id, database) {
                throw LatchkeyError(
                    .requestRefused,
                    "\(id) was launched by latchkeyd, which gives it its address",
                    hint: "its user and key can be changed"
                )
            }
            if let addresses = edit.addresses {
                try database.execute(sql: "DELETE FROM instanceAddress WHERE instanceID = ?", arguments: [id])
                try Store.insert(addresses: addresses, of: id, database)
            }
            if let port = edit.port {
                try database.execute(sql: "UPDATE instance SET port = ? WHERE id = ?", arguments: [port, id])
            }
            if let user = edit.user {
                try database.execute(sql: "UPDATE instance SET user = ? WHERE id = ?", arguments: [user, id])
            }
            if let keyName = edit.keyName {
                try database.execute(sql: "UPDATE instance SET keyName = ? WHERE id = ?", arguments: [keyName, id])
            }
        }
    }
}
