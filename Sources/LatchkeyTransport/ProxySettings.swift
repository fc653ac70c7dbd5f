// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
internal import LatchkeySystem

/// Which servers are reached through which proxy, as the environment has it for all programs: `https_proxy`, `HTTPS_PROXY`,
/// `no_proxy` and `NO_PROXY`, of which the small ones come first. Connections without TLS, and those to this machine itself or
/// on its link (where cloud machines find their metadata), are direct.
struct ProxySettings: Sendable {
    private let proxy: String?
    /// What is reached directly: `*`, hosts, domains with all that is in them, networks in CIDR form; each maybe with a port.
    private let exceptions: [String]

    static let environment = ProxySettings { Environment.value($0) }

    init(variable: (String) -> String?) {
        proxy = variable("https_proxy") ?? variable("HTTPS_PROXY")
        exceptions = (variable("no_proxy") ?? variable("NO_PROXY") ?? "")
            .split { ", \t".contains($0) }
            .map { $0.lowercased() }
    }

    /// - Returns: nil for a server that is reached directly.
    /// - Throws: `proxyFailed` if what the environment says is no proxy.
    func proxy(for server: ServerAddress) throws(TransportError) -> Proxy? {
        guard server.isSecure, let proxy, !isException(server) else { return nil }
        return try Proxy(proxy)
    }

    private func isException(_ server: ServerAddress) -> Bool {
        let host = server.host.lowercased()
        if server.isOnLink || host.hasSuffix(".localhost") { return true }
        return exceptions.contains { entry in
            var name = entry[...]
            // A colon in an IPv6 address begins no port, unless the address is in brackets.
            let isBracketed = entry.hasPrefix("[") && entry.contains("]:")
            if let colon = entry.lastIndex(of: ":"), isBracketed || entry.count(where: { $0 == ":" }) == 1 {
                guard Int(entry[entry.index(after: colon)...]) == server.port else { return false }
                name = entry[..<colon]
            }
            if let network = IPv6Network(name) { return IPv6Network.bytes(of: host).map(network.contains) ?? false }
            if name == "*" { return true }
            if let network = IPv4Network(name), let address = IPv4Network.value(of: host) {
                return network.contains(address)
            }
            if name.hasPrefix("*.") { name = name.dropFirst(1) }
            let domain = name.drop { $0 == "." }
            return !domain.isEmpty && (host == domain || host.hasSuffix(".\(domain)"))
        }
    }
}
