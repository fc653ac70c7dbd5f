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
    /// The most that an answer's head, and its body, may have.
    static let headLimit = 64 * 1024
    static let bodyLimit = 16 << 20

    /// - Parameter timeout: milliseconds for all of it.
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
            if let response = try reader.response(isAtEnd: false) { return (response, try reader.leavesOpen(response)) }
            guard try reader.read(from: &stream, until: deadline) else {
                guard let response = try reader.response(isAtEnd: true) else {
                    throw .lost("the server hung up before it had answered")
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

/// Reads an answer, however its bytes are cut.
struct ResponseReader {
    private(set) var buffer: [UInt8]

    /// - Parameter buffer: what has come already.
    init(buffer: [UInt8] = []) { self.buffer = buffer }

    /// - Returns: false at the end.
    mutating func read(from stream: inout ByteStream, until deadline: Int64) throws(TransportError) -> Bool {
        var chunk = GrowingBuffer(capacity: 16 * 1024)
        while true {
            let count = try chunk.fill(reserving: 16 * 1024) { buffer throws(TransportError) in
                try stream.read(into: buffer)
            }
            guard let count else { return false }
            if count > 0 {
                buffer += chunk.content
                return true
            }
            try stream.wait(forWriting: stream.wantsToWrite, until: deadline)
        }
    }

    /// Status, headers and where the body begins; nil if the head is not complete.
    func head() throws(TransportError) -> (status: Int, headers: [(name: String, value: String)], end: Int)? {
        guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
            guard buffer.count <= HTTPExchange.headLimit else { throw .malformed("an answer without end") }
            return nil
        }
        let lines = String(decoding: buffer[..<(end - 4)], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
            let status = ResponseReader.number(words[1], radix: 10), (100...599).contains(status)
        else { throw .malformed("an answer that is not HTTP") }
        var headers: [(name: String, value: String)] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed("a header without a name") }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append((line[..<colon].lowercased(), String(value)))
        }
        return (status, headers, end)
    }

    /// The whole answer; nil if it is not complete.
    func response(isAtEnd: Bool) throws(TransportError) -> HTTPResponse? {
        guard let head = try head() else { return nil }
        let rest = buffer[head.end...]
        guard rest.count <= HTTPExchange.bodyLimit else { throw .malformed("an answer without end") }
        func value(_ name: String) -> String? { head.headers.first { $0.name == name }?.value }
        if value("transfer-encoding")?.lowercased().contains("chunked") == true {
            guard let body = try ResponseReader.joined(rest) else { return nil }
            return HTTPResponse(status: head.status, headers: head.headers, body: body)
        }
        if let text = value("content-length") {
            guard let length = ResponseReader.number(text, radix: 10), length <= HTTPExchange.bodyLimit else {
                throw .malformed("a Content-Length that is no length")
            }
            guard rest.count >= length else { return nil }
            return HTTPResponse(status: head.status, headers: head.headers, body: Array(rest.prefix(length)))
        }
        if head.status == 204 || head.status == 304 {
            return HTTPResponse(status: head.status, headers: head.headers, body: [])
        }
        return isAtEnd ? HTTPResponse(status: head.status, headers: head.headers, body: Array(rest)) : nil
    }

    /// Whether the connection can be used again after this answer, which was just read to its end: nothing may follow, and
    /// the server must not have said that it closes.
    func leavesOpen(_ response: HTTPResponse) throws(TransportError) -> Bool {
        guard let head = try head(), buffer.starts(with: Array("HTTP/1.1".utf8)),
            response.header("connection")?.lowercased() != "close"
        else { return false }
        let rest = buffer[head.end...]
        if response.header("transfer-encoding") != nil {
            // Behind the last chunk is an empty line, or what comes before it is one more header.
            return rest.suffix(5).elementsEqual(Array("0\r\n\r\n".utf8))
        }
        return response.header("content-length") != nil && rest.count == response.body.count
    }

    /// A chunked body put together (RFC 9112 §7.1); nil if it is not complete.
    private static func joined(_ bytes: ArraySlice<UInt8>) throws(TransportError) -> [UInt8]? {
        var body: [UInt8] = []
        var rest = bytes
        while true {
            guard let lineEnd = rest.firstRange(of: [0x0D, 0x0A]) else { return nil }
            let line = String(decoding: rest[..<lineEnd.lowerBound], as: UTF8.self).prefix { $0 != ";" }
            guard let size = number(line, radix: 16), size <= HTTPExchange.bodyLimit else {
                throw .malformed("a chunk without a size")
            }
            rest = rest[lineEnd.upperBound...]
            if size == 0 { return body }
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard rest.starts(with: [0x0D, 0x0A]) else { throw .malformed("a chunk of another size") }
            rest = rest.dropFirst(2)
        }
    }

    /// Digits only: what Swift reads as a number may have a sign, too.
    private static func number(_ text: some StringProtocol, radix: Int) -> Int? {
        guard (1...9).contains(text.utf8.count), text.first?.isHexDigit == true else { return nil }
        return Int(text, radix: radix)
    }
}
