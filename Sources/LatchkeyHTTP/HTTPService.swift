// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyMetrics
internal import NIOCore
internal import NIOHTTP1

/// What the handlers of one connection share.
struct HTTPService: Sendable {
    let responder: any RequestResponder
    let metrics: ServerMetrics
    /// Whether it is a TLS connection.
    let isSecure: Bool
    /// Nil where connections are not counted.
    let connection: TrackedConnection?

    func request(_ head: HTTPRequestHead, _ body: IncomingRequest.Body, _ channel: any Channel) -> IncomingRequest {
        IncomingRequest(
            head: head,
            body: body,
            isSecure: isSecure,
            source: channel.remoteAddress?.ipAddress,
            connection: connection
        )
    }
}
