// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// Where a server is: the part of a URL that a connection needs (RFC 3986 §3.2), and the path behind it.
package struct ServerAddress: Equatable, Sendable {
    package var isSecure: Bool
    /// A name or an IP address, without brackets.
    package var host: String
    package var port: Int
    /// With its query, as it is sent; at least `/`.
    package var path: String

    package init(isSecure: Bool, host: String, port: Int, path: String = "/") {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.path = path
    }

    /// Reads `http://`, `https://`, `ws://` and `wss://` URLs. No user, no fragment, nothing that does not print.
    ///
    /// - Throws: `addressInvalid`.
    package init(url: String) throws(TransportError) {
        let schemes = ["https://": true, "wss://": true, "http://": false, "ws://": false]
        guard url.utf8.count <= 4096, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let scheme = schemes.first(where: { url.lowercased().hasPrefix($0.key) })
        else { throw .addressInvalid(url.terminalSafe) }
        let rest = url.dropFirst(scheme.key.count)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        var authority = rest[..<end]
        var path = String(rest[end...].prefix { $0 != "#" })
        if !path.hasPrefix("/") { path = "/" + path }
        var port = scheme.value ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            let digits = authority[authority.index(after: colon)...]
            // A sign would be read as part of a number.
            guard digits.first?.isNumber == true, let number = Int(digits), (1...65535).contains(number) else {
                throw .addressInvalid(url.terminalSafe)
            }
            port = number
            authority = authority[..<colon]
        }
        // Brackets are there for the colons of an IPv6 address, and colons nowhere else.
        let isBracketed = authority.hasPrefix("[") && authority.hasSuffix("]")
        if isBracketed { authority = authority.dropFirst().dropLast() }
        guard !authority.isEmpty, authority.contains(":") == isBracketed,
            !authority.contains(where: { "@[]\"<>\\".contains($0) })
        else { throw .addressInvalid(url.terminalSafe) }
        self.init(isSecure: scheme.value, host: String(authority), port: port, path: path)
    }

    /// Reads the URL of a server that is told secrets, or believed. In the clear it may be one of this machine only.
    ///
    /// - Parameter allowsCleartext: whether the user said that it may be any.
    /// - Throws: `addressInvalid`, `cleartext`.
    package init(endpoint url: String, allowsCleartext: Bool = false) throws(TransportError) {
        try self.init(url: url)
        guard isSecure || isLoopback || allowsCleartext else { throw .cleartext(httpOrigin.terminalSafe) }
    }

    /// Whether it is this machine itself: `localhost` or a loopback address. Other names that lead here are none, since their
    /// DNS server decides that.
    package var isLoopback: Bool {
        if let address = IPv4Network.value(of: host) { return IPv4Network.loopback.contains(address) }
        return host.lowercased() == "localhost" || host == "::1"
    }

    /// Whether it is this machine itself, or on its link, where cloud machines find their metadata.
    package var isOnLink: Bool {
        if let address = IPv4Network.value(of: host), IPv4Network.link.contains(address) { return true }
        return isLoopback || host.lowercased().hasPrefix("fe80:")
    }

    /// The value of the `Host` header (RFC 9110 §7.2): the port is left out where it is the scheme's own.
    package var hostHeader: String {
        port == (isSecure ? 443 : 80) ? HostText.bracketed(host) : HostText.endpoint(host, port)
    }

    /// With another path.
    package func with(path: String) -> ServerAddress {
        ServerAddress(isSecure: isSecure, host: host, port: port, path: path)
    }

    /// The URL for HTTP, without a path.
    package var httpOrigin: String { "\(isSecure ? "https" : "http")://\(hostHeader)" }

    /// The URL for WebSockets, without a path.
    package var webSocketOrigin: String { "\(isSecure ? "wss" : "ws")://\(hostHeader)" }
}
