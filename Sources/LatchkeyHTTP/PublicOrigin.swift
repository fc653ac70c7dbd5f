// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
package import LatchkeyTransport
internal import NIOHTTP1

/// How clients reach this server, which is not always as their requests arrive: a proxy may end their TLS. What a request says
/// about that in headers is believed only where it comes from a proxy that was named.
package struct PublicOrigin: Sendable {
    /// The server's URL as clients know it, without a path; nil where each request tells.
    private let server: ServerAddress?
    private let proxies: [AddressRange]

    /// - Parameter url: nil where each request tells.
    /// - Throws: `addressInvalid` for a URL with a path; `cleartext` for one that clients refuse.
    package init(url: String? = nil, proxies: [AddressRange] = []) throws(TransportError) {
        self.proxies = proxies
        guard let url else {
            server = nil
            return
        }
        let server = try ServerAddress(endpoint: url)
        // Signatures are for the path that arrives.
        guard server.path == "/" else { throw .addressInvalid(url.terminalSafe) }
        self.server = server
    }

    /// Each request tells, and no proxy is believed.
    package static let ofRequest = PublicOrigin()

    private init() { (server, proxies) = (nil, []) }

    /// Whether an address is that of a proxy, behind which many clients are.
    package func isProxy(_ address: String) -> Bool { proxies.contains { $0.contains(address) } }

    /// Where clients reach the server, without a path, for example `https://host:8443`; nil where each request tells.
    package var serverURL: String? { server.map { PublicOrigin.page($0.webSocketOrigin) } }

    /// What browsers call the origin of this server's pages (RFC 6454), for example `https://host:8443`. Nil if the request's `Host`
    /// header cannot be used.
    package func httpOrigin(for request: IncomingRequest) -> String? {
        webSocketOrigin(for: request).map(PublicOrigin.page)
    }

    /// Both kinds of URL have the same rest, and names in an origin are in small letters.
    private static func page(_ webSocketOrigin: String) -> String {
        "http\(webSocketOrigin.dropFirst("ws".count))".lowercased()
    }

    /// Where WebSockets are opened: the server by the name that the client knows it by, for example `wss://host:8443`. Nil if
    /// the request's `Host` header cannot be used.
    package func webSocketOrigin(for request: IncomingRequest) -> String? {
        if let server { return server.webSocketOrigin }
        var (isSecure, host) = (request.isSecure, request.headers.first(name: "Host"))
        if let source = request.source, isProxy(source) {
            let told = ForwardedRequest(request.headers)
            isSecure = told.isSecure ?? isSecure
            host = told.host ?? host
        }
        guard let host, (1...300).contains(host.utf8.count),
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/\\@?#\"<>".utf8.contains($0) })
        else { return nil }
        return "\(isSecure ? "wss" : "ws")://\(host)"
    }
}
