// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyCrypto
package import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeySQLite
package import LatchkeyStore

extension StateFolders {
    /// The key that secrets in the database are sealed with, which is made if there are none yet.
    ///
    /// - Throws: `fileUnusable` if it is gone although there are some: a new one would open none of them.
    package func masterKey(of store: any ServerStore) throws -> MasterKey {
        if access(masterKeyPath, F_OK) != 0, errno == ENOENT, try !store.accessKeys().isEmpty {
            throw LatchkeyError(
                .fileUnusable,
                "'\(masterKeyPath.terminalSafe)' is gone, with which the access keys in the database are sealed",
                hint: "bring it back; or delete all access keys (latchkeyd access-key list, delete) and make new ones"
            )
        }
        return try MasterKey(file: masterKeyPath)
    }
}
