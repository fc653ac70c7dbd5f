// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// Where a user's state is: all of it under `LATCHKEY_HOME`, or else in the XDG base directories.
package struct StateFolders: Sendable {
    package let configurationPath: String
    package let data: String
    package let cache: String

    package static var current: StateFolders {
        if let home = Environment.value("LATCHKEY_HOME") {
            return StateFolders(configurationPath: "\(home)/config.json", data: home, cache: home)
        }
        // XDG Base Directory Specification: an empty or relative value counts as not set.
        func base(_ name: String, _ fallback: String) -> String {
            Environment.value(name).flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(Environment.home)/\(fallback)"
        }
        return StateFolders(
            configurationPath: base("XDG_CONFIG_HOME", ".config") + "/latchkey/config.json",
            data: base("XDG_DATA_HOME", ".local/share") + "/latchkey",
            cache: base("XDG_CACHE_HOME", ".cache") + "/latchkey"
        )
    }

    package var storePath: String { "\(data)/latchkey.db" }
    /// Where a latchkeyd of this home can be reached, and how to be its user: a ``LocalServer``.
    package var serverPath: String { "\(data)/latchkeyd.json" }
    /// What a latchkeyd locks as long as it serves this home.
    package var serverLockPath: String { "\(data)/latchkeyd.lock" }
    package var masterKeyPath: String { "\(data)/master.key" }
    package var certificates: String { "\(data)/tls" }

    /// Whether the folders can be made where they are not there: a home folder that is missing is not made for them.
    package var canBeMade: Bool {
        !data.hasPrefix("\(Environment.home)/") || access(Environment.home, F_OK) == 0
    }

    /// Makes the folder of what can be found out anew. Where there can be none, that only takes longer.
    ///
    /// - Throws: `fileUnusable` if it is there and others can change it.
    package func makeCache() throws {
        guard canBeMade || access(cache, F_OK) == 0 else { return }
        do { try StateFile.makeFolder(cache) } catch {
            if access(cache, F_OK) == 0 { throw error }
        }
    }

    /// The embedded control plane for what only reads: where there is none, none is made.
    ///
    /// - Returns: also whether it is a copy, which remembers nothing, since its folder cannot be written.
    package func storeToRead() throws -> (store: Store, isCopy: Bool) {
        if access(data, F_OK) == 0 { try StateFile.checkFolder(data) }
        if access(storePath, F_OK) != 0, errno == ENOENT || errno == ENOTDIR { return (try Store(), false) }
        guard access(data, W_OK) != 0 || access(storePath, W_OK) != 0 else { return (try store(), false) }
        return (try Store(copyOf: storePath), true)
    }

    /// The embedded control plane, made at its first use.
    ///
    /// - Parameter isForServer: as in ``Store/init(path:isForServer:)``.
    package func store(isForServer: Bool = false) throws -> Store {
        guard canBeMade || access(data, F_OK) == 0 else {
            throw LatchkeyError(
                .fileUnusable,
                "the home folder '\(Environment.home.terminalSafe)' is not there",
                hint: "set HOME, or name a folder for Latchkey's own: LATCHKEY_HOME"
            )
        }
        try StateFile.makeFolder(data)
        return try Store(path: storePath, isForServer: isForServer)
    }
}
