// SPDX-License-Identifier: Apache-2.0

internal import NIOHTTP1

/// A request, whole.
struct IncomingRequest: Sendable {
    let method: String
    /// As it was sent: percent-encoded, without the query.
    let path: String
    /// As it was sent, without the question mark.
    let query: String
    let headers: HTTPHeaders
    let body: [UInt8]
    /// Whether it came over TLS.
    let isSecure: Bool
    /// The IP address from which it came.
    let source: String?

    init(head: HTTPRequestHead, body: [UInt8], isSecure: Bool, source: String? = nil) {
        method = head.method.rawValue
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts.first ?? "/")
        query = parts.count > 1 ? String(parts[1]) : ""
        headers = head.headers
        self.body = body
        self.isSecure = isSecure
        self.source = source
    }
}

struct OutgoingResponse: Sendable {
    var status: HTTPResponseStatus
    var headers = HTTPHeaders()
    var body: [UInt8]

    init(_ status: HTTPResponseStatus, type: String, _ body: some Sequence<UInt8>) {
        self.status = status
        self.body = Array(body)
        headers.add(name: "Content-Type", value: type)
    }

    static func text(_ status: HTTPResponseStatus, _ text: String) -> OutgoingResponse {
        OutgoingResponse(status, type: "text/plain; charset=utf-8", (text + "\n").utf8)
    }
}

/// What becomes of a request that asks for a WebSocket.
enum UpgradeAnswer: Sendable {
    /// Makes the link on the event loop.
    case accept(@Sendable () -> any Link)
    case refuse(OutgoingResponse)
}

/// What answers requests.
protocol RequestResponder: Sendable {
    func respond(to request: IncomingRequest) async -> OutgoingResponse
    func upgrade(_ request: IncomingRequest) async -> UpgradeAnswer
}
