// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
internal import NIOCore
package import NIOHTTP1

/// A request: whole, or its head alone.
package struct IncomingRequest: Sendable {
    enum Body: Sendable {
        case whole([UInt8])
        /// It is still to come; the head says which SHA-256 it will have, in hexadecimal.
        case announced(digest: String)
    }

    /// For example `POST`.
    package let method: String
    /// As it was sent: percent-encoded, without the query.
    package let path: String
    /// As it was sent, without the question mark.
    package let query: String
    /// As they were sent.
    package let headers: HTTPHeaders
    /// Empty if it is still to come.
    package let body: [UInt8]
    /// SHA-256 of the body in hexadecimal, announced if it is still to come; nil if it is to be computed.
    private let announcedDigest: String?
    /// Whether it came over TLS.
    let isSecure: Bool
    /// The IP address from which it came.
    package let source: String?
    /// The connection on which it came; nil where those are not counted.
    package let connection: TrackedConnection?

    init(
        head: HTTPRequestHead,
        body: Body,
        isSecure: Bool,
        source: String? = nil,
        connection: TrackedConnection? = nil
    ) {
        method = head.method.rawValue
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts.first ?? "/")
        query = parts.count > 1 ? String(parts[1]) : ""
        headers = head.headers
        switch body {
        case .whole(let bytes):
            self.body = bytes
            announcedDigest = nil
        case .announced(let digest):
            self.body = []
            announcedDigest = digest
        }
        self.isSecure = isSecure
        self.source = source
        self.connection = connection
    }

    /// Whether it asks for a WebSocket (RFC 6455 §4.1).
    package var isUpgrade: Bool { headers.first(name: "Upgrade")?.lowercased() == "websocket" }

    /// What a signature covers of it.
    package var signable: SignableRequest {
        SignableRequest(
            method: method,
            path: path,
            query: query,
            headers: headers.map { ($0.name, $0.value) },
            bodyDigest: announcedDigest ?? Hex.encode(Digest.sha256(body))
        )
    }
}
