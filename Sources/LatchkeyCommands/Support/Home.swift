// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyControl
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySSH
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
    func store() throws -> Store { try folders.store() }

    /// All private keys at hand: Latchkey's own, those of `~/.ssh`, those of the folders in the configuration, the agent's.
    func library(_ agent: AgentAddress?) throws -> KeyLibrary {
        let configuration = try Configuration.load(configurationPath)
        let extra = (configuration.keyDirectories ?? [])
            .map { path in
                path.hasPrefix("~/") ? Environment.home + path.dropFirst(1) : path
            }
        try StateFile.makeFolder(cache)
        return KeyLibrary(
            folders: [keys.path, "\(Environment.home)/.ssh"] + extra,
            indexPath: "\(cache)/key-index",
            agent: agent
        )
    }

    /// The ssh-agent that this environment names; nil for none.
    var agent: AgentAddress? { Environment.value("SSH_AUTH_SOCK").map(AgentAddress.init) }

    /// The relay that serves this home; nil if there never was one.
    func relay() throws -> RelayRoad? { try server().map { RelayRoad(ServiceClient($0)) } }

    /// The latchkeyd that serves this home; nil if there never was one.
    func server() throws -> ServiceEndpoint? {
        guard let server = try LocalServer.read(folders) else { return nil }
        let address: ServerAddress
        do { address = try ServerAddress(endpoint: server.endpoint) } catch {
            throw LatchkeyError(.configurationInvalid, "the endpoint in '\(folders.serverPath)' \(error.words)")
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
        } catch {
            throw invalid(path, "it is not JSON")
        }
    }

    private static func invalid(_ path: String, _ why: String) -> LatchkeyError {
        LatchkeyError(
            .configurationInvalid,
            "the configuration '\(path.terminalSafe)' cannot be used: \(why.terminalSafe)",
            hint: "mend it or move it away; {\"keyDirectories\": [\"~/keys\"]} is all that it can say"
        )
    }
}
