// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

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

    /// The embedded control plane, made at its first use.
    ///
    /// - Parameter isForServer: as in ``Store/init(path:isForServer:)``.
    package func store(isForServer: Bool = false) throws -> Store {
        try StateFile.makeFolder(data)
        return try Store(path: storePath, isForServer: isForServer)
    }
}
