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
                    return (path, String(cString: strerror(errno)).lowercased())
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
        guard let server = try LocalServer.read(folders) else { return nil }
        let address: ServerAddress
        do { address = try ServerAddress(endpoint: server.endpoint) } catch {
            throw LatchkeyError(.configurationInvalid, "the endpoint in '\(folders.serverPath)' \(error.message)")
        }
        return ServiceEndpoint(
            address: address,
            trust: Trust(authorities: server.authorities),
            region: server.region,
            credentials: Credentials(
                accessKeyID: server.accessKeyID,
                secretAccessKey: server.secretAccessKey
            )
        )
    }
}

/// `config.json`. A file that is not there is fine, a malformed one is an error.
struct Configuration: Codable {
    /// More folders to look for private keys in; `~/` stands for the home folder.
    var keyDirectories: [String]?

    /// The settings that there are; a misspelt one would be left out in silence.
    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let names = try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let unknown = names.sorted().first(where: { CodingKeys(stringValue: $0) == nil }) {
            throw Fault(message: "'\(unknown)' is not a setting")
        }
        keyDirectories = try container.decodeIfPresent([String].self, forKey: .keyDirectories)
    }

    private struct Fault: Error {
        let message: String
    }

    /// The folders, `~` replaced.
    ///
    /// - Throws: `configurationInvalid` for one that would depend on where the program is started.
    func keyFolders() throws -> [String] {
        try (keyDirectories ?? [])
            .map { path in
                if path.hasPrefix("/") { return path }
                let end = path.firstIndex(of: "/") ?? path.endIndex
                guard path.hasPrefix("~") else { throw unusable(path, "begins neither with / nor with ~") }
                let user = String(path[..<end].dropFirst())
                guard !user.isEmpty else { return Environment.home + path[end...] }
                guard let home = Environment.home(of: user) else {
                    throw unusable(path, "names a user that does not exist")
                }
                return home + path[end...]
            }
    }

    private func unusable(_ path: String, _ why: String) -> LatchkeyError {
        LatchkeyError(
            .configurationInvalid,
            "the key folder '\(path.terminalSafe)' of the configuration \(why)",
            hint: "write it from the root on, or as ~/FOLDER"
        )
    }

    static func load(_ path: String) throws -> Configuration {
        if let slash = path.lastIndex(of: "/") { try StateFile.checkFolder(String(path[..<slash])) }
        guard let bytes = try StateFile.readOwn(path) else { return Configuration() }
        do {
            return try JSONDecoder().decode(Configuration.self, from: Data(bytes))
        } catch let DecodingError.typeMismatch(_, context) {
            throw invalid(
                path,
                "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' is of the wrong type"
            )
        } catch let fault as Fault {
            throw invalid(path, fault.message)
        } catch {
            throw invalid(path, "it is not JSON")
        }
    }

    private static func invalid(_ path: String, _ why: String) -> LatchkeyError {
        LatchkeyError(
            .configurationInvalid,
            "the configuration '\(path.terminalSafe)' cannot be used: \(why.terminalSafe)",
            hint: "fix it or move it away; {\"keyDirectories\": [\"~/keys\"]} is all that it can say"
        )
    }
}
