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
    /// The name of the latchkeyd that serves this home: a ``NodeID``.
    package var nodePath: String { "\(data)/node" }
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
}
