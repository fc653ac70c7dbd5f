// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

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
        var outgoing = ByteQueue(capacity: max(1, bytes.count))
        bytes.withUnsafeBytes { outgoing.append($0) }
        while !outgoing.isEmpty {
            let count = try stream.write(outgoing.content)
            outgoing.removeFirst(count)
            if count == 0 { try stream.wait(forWriting: stream.wantsToWrite, until: deadline) }
        }
        while !(try stream.flush()) { try stream.wait(forWriting: true, until: deadline) }
    }
}
