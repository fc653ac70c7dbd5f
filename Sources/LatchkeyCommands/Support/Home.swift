// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCommandLine
internal import LatchkeyHome
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySQLite
internal import LatchkeySSH
internal import LatchkeySystem
internal import LatchkeyTerminal
internal import LatchkeyTransport

/// What is opened from this user's state.
struct Home: Sendable {
    let folders: StateFolders

    static var current: Home { Home(folders: .current) }

    var configurationPath: String { folders.configurationPath }
    var data: String { folders.data }
    private var cache: String { folders.cache }

    var keys: KeyDirectory { KeyDirectory(path: "\(data)/keys") }

    /// The embedded control plane, made at its first use.
    func store() throws -> SQLiteStore { try folders.store() }

    /// Whether the store is there and can be written, or can be made.
    var canRemember: Bool {
        access(data, F_OK) == 0 ? access(data, W_OK) == 0 : folders.canBeMade && access(Environment.home, W_OK) == 0
    }

    /// The same for what only reads: nothing is made for it.
    func storeToRead() throws -> SQLiteStore {
        let (store, isCopy) = try folders.storeToRead()
        if isCopy {
            Console.note("latchkey: note: '\(folders.storePath.terminalSafe)' cannot be written; nothing is remembered")
        }
        return store
    }

    /// The folders of the configuration, and why those cannot be looked into that cannot.
    func keyFolders() throws -> [(path: String, fault: String?)] {
        try Configuration.load(configurationPath).keyFolders()
            .map { path in
                guard access(path, R_OK | X_OK) == 0 else {
                    return (path, SystemError.last.message)
                }
                var status = stat()
                return (path, stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? nil : "it is no folder")
            }
    }

    /// All private keys at hand: Latchkey's own, those of `~/.ssh`, those of the folders in the configuration, the agent's.
    ///
    /// - Parameter isQuiet: whether nothing is said of folders that cannot be looked into.
    func library(_ agent: SSHAgentClient?, isQuiet: Bool = false) throws -> KeyLibrary {
        let folders = try keyFolders()
        if !isQuiet {
            for case (let path, let fault?) in folders {
                Console.note("latchkey: note: the key folder '\(path.terminalSafe)' cannot be read: \(fault)")
            }
        }
        let extra = folders.map(\.path)
        try self.folders.makeCache()
        return KeyLibrary(
            folders: [keys.path, "\(Environment.home)/.ssh"] + extra,
            indexPath: "\(cache)/key-index",
            agent: agent
        )
    }

    /// The ssh-agent that this environment names; nil for none.
    var agent: SSHAgentClient? { Environment.value("SSH_AUTH_SOCK").map(SSHAgentClient.init) }

    /// The relay that serves this home; nil if there never was one.
    func relay() throws -> RelayClient? { try server().map { RelayClient(ServiceClient($0)) } }

    /// The latchkeyd that serves this home; nil if there never was one.
    func server() throws -> ServiceEndpoint? {
        try LocalServer.read(folders)?.serviceEndpoint(folders)
    }
}
