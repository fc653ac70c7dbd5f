// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyModel
internal import LatchkeySystem

/// What the agent tells about the machine that it runs on.
package struct HostFacts: Equatable, Sendable {
    package var hostName: String
    /// NAME and VERSION_ID of os-release(5); the name is `Linux` and the version empty if there is no such file.
    package var systemName: String
    package var systemVersion: String
    /// What kind of kernel it is; always `Linux`.
    package var kernel: String
    /// The IPv4 address that others most likely reach: that of the interface with the default route, else the first one;
    /// `127.0.0.1` if there is none.
    package var address: String
    /// All addresses with which the machine can speak beyond its links, private ones too; ``address`` first.
    package var addresses: [String]
    /// The public host keys of the machine's sshd.
    package var hostKeys: [PublicKey]
    /// The port on which its sshd listens by its configuration.
    package var sshPort: Int
    /// Whether its sshd asks this agent for the keys that were pushed (`AuthorizedKeysCommand`).
    package var takesPushedKeys: Bool
    /// A UUID by which the machine is recognized: made of its machine-id(5) and the hardware's UUID. Only root can read the
    /// latter, so the fingerprint is another one for an agent that is not root.
    package var fingerprint: String

    /// Looks at the machine. What cannot be read is left out.
    ///
    /// - Parameter stateFolder: where a random identity is kept if the machine has none of its own; must exist.
    package static func gather(stateFolder: String) -> HostFacts {
        let system = operatingSystem(["/etc/os-release", "/usr/lib/os-release"])
        let addresses = HostAddresses.all()
        return HostFacts(
            hostName: Environment.hostName,
            systemName: system.name,
            systemVersion: system.version,
            kernel: "Linux",
            address: addresses.first { !$0.contains(":") } ?? "127.0.0.1",
            addresses: addresses,
            hostKeys: hostKeys(in: "/etc/ssh"),
            sshPort: sshPort(in: "/etc/ssh"),
            takesPushedKeys: takesPushedKeys(in: "/etc/ssh"),
            fingerprint: MachineFingerprint.compute(root: "", stateFolder: stateFolder)
        )
    }

    static func operatingSystem(_ paths: [String]) -> (name: String, version: String) {
        let lines = paths.lazy.map { SystemFile.lines($0) }.first { !$0.isEmpty } ?? []
        func value(_ key: String) -> String? {
            // The last assignment counts, quoted as for a shell.
            guard let line = lines.last(where: { $0.hasPrefix("\(key)=") }) else { return nil }
            return (try? ShellWords.split(String(line.dropFirst(key.utf8.count + 1))))?.first
        }
        return (value("NAME") ?? "Linux", value("VERSION_ID") ?? "")
    }

    static func hostKeys(in folder: String) -> [PublicKey] {
        names(in: folder) { $0.hasPrefix("ssh_host_") && $0.hasSuffix("_key.pub") }.prefix(16)
            .compactMap { name in
                SystemFile.lines("\(folder)/\(name)", limit: 1 << 14).lazy.compactMap { PublicKey(line: $0) }.first
            }
    }

    /// The first `Port` that sshd would read.
    static func sshPort(in folder: String) -> Int {
        setting("port", in: folder) { words in
            words.first.flatMap { Int($0) }.flatMap { (1...65535).contains($0) ? $0 : nil }
        }
            ?? 22
    }

    /// Whether the first `AuthorizedKeysCommand` that sshd would read is the agent's `authorized-keys`.
    static func takesPushedKeys(in folder: String) -> Bool {
        setting("authorizedkeyscommand", in: folder) { words in
            words.first?.hasSuffix("/latchkey-agent") == true && words.contains("authorized-keys")
        } ?? false
    }

    /// What `read` makes of the first setting of this name, in lower case, that sshd would read and it understands. Sshd's
    /// usual configuration begins with including the folder beside it.
    private static func setting<Value>(_ name: String, in folder: String, _ read: ([Substring]) -> Value?) -> Value? {
        let main = SystemFile.lines("\(folder)/sshd_config", limit: 1 << 18)
        let includes = main.contains { line in
            line.lowercased().hasPrefix("include") && line.contains("sshd_config.d/")
        }
        let parts = includes ? names(in: "\(folder)/sshd_config.d") { $0.hasSuffix(".conf") } : []
        let files = parts.prefix(64).map { SystemFile.lines("\(folder)/sshd_config.d/\($0)") } + [main]
        for file in files { if let value = value(of: name, in: file, read) { return value } }
        return nil
    }

    private static func value<Value>(
        of name: String,
        in lines: [String],
        _ read: ([Substring]) -> Value?
    ) -> Value? {
        for line in lines {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == "=" || $0 == "\"" }
            guard let keyword = words.first?.lowercased() else { continue }
            // What follows holds only for some connections.
            if keyword == "match" { return nil }
            if keyword == name, let value = read(Array(words.dropFirst())) { return value }
        }
        return nil
    }

    private static func names(in folder: String, _ isWanted: (String) -> Bool) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if isWanted(name) { names.append(name) }
        }
        return names.sorted()
    }
}
