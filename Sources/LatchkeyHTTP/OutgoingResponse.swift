// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
internal import NIOCore
package import NIOHTTP1

/// An answer.
package struct OutgoingResponse: Sendable {
    var status: HTTPResponseStatus
    /// Without `Content-Length` and `Connection`, which are the connection's.
    package var headers = HTTPHeaders()
    var body: [UInt8]
    /// What follows the body and must not lie about; wiped once it was sent.
    package var secret: SecretBody?

    package init(_ status: HTTPResponseStatus, type: String, _ body: some Sequence<UInt8>) {
        self.status = status
        self.body = Array(body)
        headers.add(name: "Content-Type", value: type)
    }

    /// Whether it answers what was asked for.
    package var isSuccess: Bool { status.code < 400 }

    /// Whether it says that the client has asked for what it may not have, or not so.
    package var isRefusal: Bool { (400..<500).contains(status.code) }

    /// A line for people.
    package static func text(_ status: HTTPResponseStatus, _ text: String) -> OutgoingResponse {
        OutgoingResponse(status, type: "text/plain; charset=utf-8", (text + "\n").utf8)
    }
}
