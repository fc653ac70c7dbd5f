// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
package import LatchkeyTransport

/// A server that speaks the AWS APIs, and as whom it is asked.
package struct ServiceEndpoint: Sendable {
    package var address: ServerAddress
    package var trust: Trust
    package var region: String
    /// Nil for the few operations that need none.
    package var credentials: Credentials?

    package init(address: ServerAddress, trust: Trust, region: String, credentials: Credentials?) {
        self.address = address
        self.trust = trust
        self.region = region
        self.credentials = credentials
    }

    /// One signed request.
    ///
    /// - Parameters:
    ///   - path: with its query.
    ///   - timeout: milliseconds.
    package func send(
        _ method: String,
        _ path: String,
        service: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8],
        timeout: Int
    ) throws(TransportError) -> HTTPResponse {
        let address = address.with(path: path)
        var headers = headers
        if !headers.contains(where: { $0.name == "Content-Type" }) {
            headers.append(("Content-Type", "application/json"))
        }
        headers += try signature(method, address, service, headers, body)
        return try HTTPExchange.perform(
            HTTPRequest(method, address, headers: headers, body: body),
            trust: trust,
            timeout: timeout
        )
    }

    /// A WebSocket whose request is signed.
    package func openWebSocket(
        _ path: String,
        service: String,
        timeout: Int
    ) throws(TransportError) -> WebSocketConnection {
        let address = address.with(path: path)
        return try WebSocketConnection(
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
        guard let credentials else { return [] }
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
