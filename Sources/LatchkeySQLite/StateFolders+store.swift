// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeySystem

extension StateFolders {
    /// The embedded control plane for what only reads: where there is none, none is made.
    ///
    /// - Returns: also whether it is a copy, which remembers nothing, since its folder cannot be written.
    package func storeToRead() throws -> (store: SQLiteStore, isCopy: Bool) {
        if access(data, F_OK) == 0 { try StateFile.checkFolder(data) }
        if access(storePath, F_OK) != 0, errno == ENOENT || errno == ENOTDIR { return (try SQLiteStore(), false) }
        guard access(data, W_OK) != 0 || access(storePath, W_OK) != 0 else { return (try store(), false) }
        return (try SQLiteStore(copyOf: storePath), true)
    }

    /// The embedded control plane, made at its first use.
    ///
    /// - Parameter isForServer: as in ``SQLiteStore/init(path:isForServer:)``.
    package func store(isForServer: Bool = false) throws -> SQLiteStore {
        guard canBeMade || access(data, F_OK) == 0 else {
            throw LatchkeyError(
                .fileUnusable,
                "the home folder '\(Environment.home.terminalSafe)' is not there",
                hint: "set HOME, or name a folder for Latchkey's own: LATCHKEY_HOME"
            )
        }
        try StateFile.makeFolder(data)
        return try SQLiteStore(path: storePath, isForServer: isForServer)
    }
}
