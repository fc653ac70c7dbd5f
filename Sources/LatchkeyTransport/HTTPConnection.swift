// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// Exchanges with one server over a connection that is kept for the next one, where the server leaves it open. Safe on
/// several threads, which take turns.
package final class HTTPConnection: Sendable {
    /// Longer than this nothing is kept unused: servers close idle connections after a while (RFC 9112 §9.5), and
    /// finding out costs more than a new one.
    private static let idleLimit: Int64 = 4000

    /// A connection; only the thread that took it out of the mutex uses it.
    private final class Connection: @unchecked Sendable {
        var stream: ByteStream
        let origin: String
        var lastUse = SystemClock.milliseconds()

        init(_ stream: consuming ByteStream, origin: String) {
            self.stream = stream
            self.origin = origin
        }
    }

    private let trust: Trust
    private let kept = Mutex<Connection?>(nil)

    package init(trust: Trust) { self.trust = trust }

    /// - Parameters:
    ///   - timeout: milliseconds for all of it.
    ///   - mayRepeat: whether it does no harm to send the request twice; only then it goes over a kept connection,
    ///     which the server may be closing in this moment.
    /// - Throws: `TransportError`; a status that is a failure is an answer, not an error.
    package func perform(_ request: HTTPRequest, timeout: Int, mayRepeat: Bool) throws(TransportError) -> HTTPResponse {
        let deadline = SystemClock.milliseconds() + Int64(timeout)
        let origin = request.address.httpOrigin
        if mayRepeat, let connection = takeKept(origin) {
            do throws(TransportError) {
                return try exchange(request, connection, until: deadline)
            } catch .lost {
                // It was closed meanwhile, which says nothing about the server.
            }
        }
        let left = Int(max(1, deadline - SystemClock.milliseconds()))
        let stream = try ByteStream(to: request.address, trust: trust, timeout: left)
        return try exchange(request, Connection(stream, origin: origin), until: deadline)
    }

    private func takeKept(_ origin: String) -> Connection? {
        let found = kept.withLock { kept in
            defer { kept = nil }
            return kept
        }
        guard let found, found.origin == origin,
            SystemClock.milliseconds() - found.lastUse < HTTPConnection.idleLimit
        else { return nil }
        return found
    }

    private func exchange(
        _ request: HTTPRequest,
        _ connection: Connection,
        until deadline: Int64
    ) throws(TransportError) -> HTTPResponse {
        try HTTPExchange.send(request.bytes(.kept), over: &connection.stream, until: deadline)
        let (response, staysOpen) = try HTTPExchange.receive(from: &connection.stream, until: deadline)
        if staysOpen {
            connection.lastUse = SystemClock.milliseconds()
            kept.withLock { $0 = connection }
        }
        return response
    }
}
