// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
internal import NIOCore
internal import NIOHTTP1

/// A request: whole, or its head alone.
struct IncomingRequest: Sendable {
    enum Body: Sendable {
        case whole([UInt8])
        /// It is still to come; the head says which SHA-256 it will have, in hexadecimal.
        case announced(digest: String)
    }

    let method: String
    /// As it was sent: percent-encoded, without the query.
    let path: String
    /// As it was sent, without the question mark.
    let query: String
    let headers: HTTPHeaders
    /// Empty if it is still to come.
    let body: [UInt8]
    /// SHA-256 of the body in hexadecimal, announced if it is still to come; nil if it is to be computed.
    private let announcedDigest: String?
    /// Whether it came over TLS.
    let isSecure: Bool
    /// The IP address from which it came.
    let source: String?
    /// The connection on which it came; nil where those are not counted.
    let connection: TrackedConnection?

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

    /// What a signature covers of it.
    var signable: SignableRequest {
        SignableRequest(
            method: method,
            path: path,
            query: query,
            headers: headers.map { ($0.name, $0.value) },
            bodyDigest: announcedDigest ?? Hex.encode(Digest.sha256(body))
        )
    }
}

struct OutgoingResponse: Sendable {
    var status: HTTPResponseStatus
    var headers = HTTPHeaders()
    var body: [UInt8]
    /// What follows the body and must not lie about; wiped once it was sent.
    var secret: SecretBody?

    init(_ status: HTTPResponseStatus, type: String, _ body: some Sequence<UInt8>) {
        self.status = status
        self.body = Array(body)
        headers.add(name: "Content-Type", value: type)
    }

    static func text(_ status: HTTPResponseStatus, _ text: String) -> OutgoingResponse {
        OutgoingResponse(status, type: "text/plain; charset=utf-8", (text + "\n").utf8)
    }
}

/// The part of an answer that must not lie about. It does not change: hence `@unchecked`.
final class SecretBody: @unchecked Sendable {
    private let secret: Secret

    init(_ secret: consuming Secret) { self.secret = secret }

    var count: Int { secret.count }

    init(copying secret: borrowing Secret) { self.secret = secret.copy() }

    /// Another one that is made of it.
    func mapped(_ transform: (borrowing Secret) -> Secret) -> SecretBody { SecretBody(transform(secret)) }

    /// A copy to be sent, which the caller wipes.
    func buffer() -> ByteBuffer { secret.withBytes { ByteBuffer(bytes: $0) } }

    /// Zeroes what such a copy holds, at its place: a change in the ordinary way would make another copy first if somebody
    /// still holds this one.
    static func wipe(_ buffer: ByteBuffer) {
        buffer.withVeryUnsafeBytes { bytes in
            if let base = bytes.baseAddress { explicit_bzero(UnsafeMutableRawPointer(mutating: base), bytes.count) }
        }
    }
}

/// What becomes of a request that asks for a WebSocket.
enum UpgradeAnswer: Sendable {
    /// Makes the link on the event loop.
    case accept(@Sendable () -> any ChannelDelegate)
    case refuse(OutgoingResponse)
}

/// What answers requests.
protocol RequestResponder: Sendable {
    func respond(to request: IncomingRequest) async -> OutgoingResponse
    /// Whether a request carries credentials of any kind, valid or not. Waits for nothing.
    func hasCredentials(_ request: IncomingRequest) -> Bool
    /// Whether a request says that it is signed with a key that is known, which is no proof. Waits for nothing.
    func namesSigner(_ request: IncomingRequest) -> Bool
    /// Whether the head of a request shows who sends it, its body being still to come.
    func isAuthenticated(head request: IncomingRequest) async -> Bool
    /// The answer to a request whose body was longer than `limit` bytes; the body is not kept.
    func refuse(_ request: IncomingRequest, longerThan limit: Int) -> OutgoingResponse
    /// Waits for nothing, but may take a while for a signature.
    func upgrade(_ request: IncomingRequest) -> UpgradeAnswer
}
