// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// A request as it goes over the wire (RFC 9112).
package struct HTTPRequest: Sendable {
    package var method: String
    package var address: ServerAddress
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
        _ method: String,
        _ address: ServerAddress,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.address = address
        self.headers = headers
        self.body = body
    }

    /// What becomes of the connection after the answer.
    enum Afterwards {
        case closed, kept
        /// It turns into something else than HTTP; there is no body.
        case upgraded
    }

    /// Head and body.
    func bytes(_ afterwards: Afterwards) -> [UInt8] {
        var head = "\(method) \(address.path) HTTP/1.1\r\nHost: \(address.hostHeader)\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        if afterwards != .upgraded { head += "Content-Length: \(body.count)\r\n" }
        if afterwards == .closed { head += "Connection: close\r\n" }
        return Array((head + "\r\n").utf8) + body
    }
}
