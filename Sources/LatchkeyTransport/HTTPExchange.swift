// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

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

package struct HTTPResponse: Sendable {
    package let status: Int
    /// Names in lower case.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The body's beginning, for messages.
    package var excerpt: String { String(decoding: body.prefix(300), as: UTF8.self).terminalSafe }
}

/// One request and its answer over a connection of their own.
package enum HTTPExchange {
    /// - Parameter timeout: milliseconds for all of it, from the look for the server's address to the answer's last byte.
    /// - Throws: `TransportError`; a status that is a failure is an answer, not an error.
    package static func perform(
        _ request: HTTPRequest,
        trust: Trust,
        timeout: Int
    ) throws(TransportError) -> HTTPResponse {
        let deadline = SystemClock.milliseconds() + Int64(timeout)
        var stream = try ByteStream(to: request.address, trust: trust, timeout: timeout)
        return try perform(request, over: &stream, until: deadline)
    }

    /// The same with a server that listens at a socket of this machine's file system.
    package static func perform(
        _ request: HTTPRequest,
        unixSocket: String,
        timeout: Int
    ) throws(TransportError) -> HTTPResponse {
        var stream = try ByteStream(unixSocket: unixSocket)
        return try perform(request, over: &stream, until: SystemClock.milliseconds() + Int64(timeout))
    }

    private static func perform(
        _ request: HTTPRequest,
        over stream: inout ByteStream,
        until deadline: Int64
    ) throws(TransportError) -> HTTPResponse {
        try send(request.bytes(.closed), over: &stream, until: deadline)
        return try receive(from: &stream, until: deadline).response
    }

    /// - Returns: an answer, and whether the connection can be used for another request.
    static func receive(
        from stream: inout ByteStream,
        until deadline: Int64
    ) throws(TransportError) -> (response: HTTPResponse, staysOpen: Bool) {
        var reader = ResponseReader()
        while true {
            if let response = try reader.response(isAtEnd: false) { return (response, reader.leavesOpen) }
            guard try reader.read(from: &stream, until: deadline) else {
                guard let response = try reader.response(isAtEnd: true) else {
                    throw .lost("the server closed the connection before it answered")
                }
                return (response, false)
            }
        }
    }

    static func send(_ bytes: [UInt8], over stream: inout ByteStream, until deadline: Int64) throws(TransportError) {
        var outgoing = GrowingBuffer(capacity: max(1, bytes.count))
        bytes.withUnsafeBytes { outgoing.append($0) }
        while !outgoing.isEmpty {
            let count = try stream.write(outgoing.content)
            outgoing.removeFirst(count)
            if count == 0 { try stream.wait(forWriting: stream.wantsToWrite, until: deadline) }
        }
        while !(try stream.flush()) { try stream.wait(forWriting: true, until: deadline) }
    }
}
