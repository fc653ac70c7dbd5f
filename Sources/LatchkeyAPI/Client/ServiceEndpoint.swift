// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
package import LatchkeyTransport

/// A server that speaks the AWS APIs, and as whom it is asked.
package struct ServiceEndpoint: Sendable {
    package var address: ServerAddress
    package var trust: Trust
    package var region: String
    private let source: @Sendable () throws -> Credentials?
    /// Keeps a connection for the next request; nil for one that is closed after each.
    private let connection: HTTPConnection?

    /// - Parameter credentials: nil for the few operations that need none.
    package init(address: ServerAddress, trust: Trust, region: String, credentials: Credentials?) {
        self.address = address
        self.trust = trust
        self.region = region
        source = { credentials }
        connection = nil
    }

    /// Keeps its connection, and asks for credentials anew for each request, since they may expire.
    ///
    /// - Parameter source: throws `LatchkeyError`, whose message becomes that of `TransportError.unsigned`.
    package init(
        address: ServerAddress,
        trust: Trust,
        region: String,
        source: @escaping @Sendable () throws -> Credentials?
    ) {
        self.address = address
        self.trust = trust
        self.region = region
        self.source = source
        connection = HTTPConnection(trust: trust)
    }

    /// One signed request.
    ///
    /// - Parameters:
    ///   - path: with its query.
    ///   - timeout: milliseconds.
    ///   - mayRepeat: whether it does no harm to send it twice; then a kept connection is used.
    package func send(
        _ method: String,
        _ path: String,
        service: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8],
        timeout: Int,
        mayRepeat: Bool = false
    ) throws(TransportError) -> HTTPResponse {
        let address = address.with(path: path)
        var headers = headers
        if !headers.contains(where: { $0.name == "Content-Type" }) {
            headers.append(("Content-Type", "application/json"))
        }
        headers += try signature(method, address, service, headers, body)
        let request = HTTPRequest(method, address, headers: headers, body: body)
        if let connection { return try connection.perform(request, timeout: timeout, mayRepeat: mayRepeat) }
        return try HTTPExchange.perform(request, trust: trust, timeout: timeout)
    }

    /// A WebSocket whose request is signed.
    package func openWebSocket(
        _ path: String,
        service: String,
        timeout: Int
    ) throws(TransportError) -> WebSocketConnection {
        try openWebSocket(to: address.with(path: path), service: service, timeout: timeout)
    }

    /// A WebSocket whose request is signed, at an address that the server gave.
    package func openWebSocket(
        to address: ServerAddress,
        service: String,
        timeout: Int
    ) throws(TransportError) -> WebSocketConnection {
        try WebSocketConnection(
            to: address,
            headers: try signature("GET", address, service, [], []),
            trust: trust,
            timeout: timeout
        )
    }

    private func signature(
        _ method: String,
        _ address: ServerAddress,
        _ service: String,
        _ headers: [(name: String, value: String)],
        _ body: [UInt8]
    ) throws(TransportError) -> [(name: String, value: String)] {
        let found: Credentials?
        do { found = try source() } catch let error as LatchkeyError { throw .unsigned(error.message) } catch {
            throw .unsigned("\(error)".terminalSafe)
        }
        guard let credentials = found else { return [] }
        let parts = address.path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = SignableRequest(
            method: method,
            path: String(parts[0]),
            query: parts.count > 1 ? String(parts[1]) : "",
            headers: [("Host", address.hostHeader)] + headers,
            body: body
        )
        do { return try request.sign(credentials, region: region, service: service, date: Date()) } catch {
            throw .malformed("a request that cannot be signed")
        }
    }
}
