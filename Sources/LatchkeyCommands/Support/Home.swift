// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyBroker
internal import LatchkeyControl
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySSH

/// Where this user's state is, and what is opened from there.
///
/// `LATCHKEY_HOME` puts all of it into one folder; otherwise the XDG base directories hold it.
struct Home: Sendable {
    let configurationPath: String
    let data: String
    private let cache: String

    static var current: Home {
        if let home = Environment.value("LATCHKEY_HOME") {
            return Home(configurationPath: "\(home)/config.json", data: home, cache: home)
        }
        // XDG Base Directory Specification: an empty or relative value counts as not set.
        func base(_ name: String, _ fallback: String) -> String {
            Environment.value(name).flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(Environment.home)/\(fallback)"
        }
        return Home(
            configurationPath: base("XDG_CONFIG_HOME", ".config") + "/latchkey/config.json",
            data: base("XDG_DATA_HOME", ".local/share") + "/latchkey",
            cache: base("XDG_CACHE_HOME", ".cache") + "/latchkey"
        )
    }

    var keys: KeyDirectory { KeyDirectory(path: "\(data)/keys") }

    /// The embedded control plane, made at its first use.
    func store() throws -> Store {
        try Home.makeFolder(data)
        return try Store(path: "\(data)/latchkey.db")
    }

    /// All private keys at hand: Latchkey's own, those of `~/.ssh`, those of the folders in the configuration, the agent's.
    func library(_ agent: AgentAddress?) throws -> KeyLibrary {
        let configuration = try Configuration.load(configurationPath)
        let extra = (configuration.keyDirectories ?? [])
            .map { path in
                path.hasPrefix("~/") ? Environment.home + path.dropFirst(1) : path
            }
        try Home.makeFolder(cache)
        return KeyLibrary(
            folders: [keys.path, "\(Environment.home)/.ssh"] + extra,
            indexPath: "\(cache)/key-index",
            agent: agent
        )
    }

    /// The ssh-agent that this environment names; nil for none.
    var agent: AgentAddress? { Environment.value("SSH_AUTH_SOCK").map(AgentAddress.init) }

    func broker(_ store: Store, _ trace: Trace, _ keyring: Keyring = Keyring()) throws -> Broker {
        Broker(
            control: store,
            library: try library(agent),
            agent: agent,
            directory: keys,
            keyring: keyring,
            trace: trace
        )
    }

    /// Makes a folder for the owner alone, and those above it.
    private static func makeFolder(_ path: String) throws {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try makeFolder(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        }
        throw LatchkeyError(
            errno == ENOSPC ? .storageFull : .fileUnusable,
            "the folder '\(path.terminalSafe)' cannot be made: \(String(cString: strerror(errno)).lowercased())",
            hint: "LATCHKEY_HOME names another one"
        )
    }
}

/// `config.json`. A file that is not there is fine, a malformed one is an error.
struct Configuration: Codable {
    /// More folders to look for private keys in; `~/` stands for the home folder.
    var keyDirectories: [String]?

    static func load(_ path: String) throws -> Configuration {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0 && errno == ENOENT { return Configuration() }
        var bytes: [UInt8] = []
        if descriptor >= 0 {
            defer { close(descriptor) }
            var chunk = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                if count <= 0 || bytes.count > 1 << 20 { break }
                bytes += chunk[..<count]
            }
        } else {
            throw invalid(path, String(cString: strerror(errno)).lowercased())
        }
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
