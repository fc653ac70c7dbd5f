// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyModel
package import LatchkeySystem

/// A client's WebSocket (RFC 6455) that never waits after it is open. It is closed with its last owner, and used by one
/// thread at a time.
package final class WebSocketConnection {
    /// The most bytes of one message.
    private static let messageLimit = 2 << 20
    /// So many bytes wait here to be sent before ``hasRoom`` says no.
    private static let outgoingLimit = 512 * 1024
    /// So many are sent at once, without being asked to: they are still in the processor's cache then.
    private static let outgoingBatch = 64 * 1024
    /// So many bytes are taken in at a time, for the same reason. A message can be longer, and then makes room for itself.
    private static let incomingLimit = 128 * 1024

    private var stream: ByteStream
    private var incoming = ByteQueue(capacity: 64 * 1024)
    private var outgoing = ByteQueue(capacity: 16 * 1024)
    /// Pieces of a message that came in several frames.
    private var chunks: [UInt8] = []
    private var piecesOpcode: WebSocketHeader.Opcode?
    private var isClosing = false
    /// What went wrong while something was put on its way; the next flush says so.
    private var failure: TransportError?
    private var random = BufferedRandom()
    /// When something came last, on ``SystemClock``.
    package private(set) var lastHeard = SystemClock.milliseconds()

    /// Connects and lets the server turn the connection into a WebSocket.
    ///
    /// - Parameters:
    ///   - headers: for the request, such as a signature.
    ///   - timeout: milliseconds for all of it.
    /// - Throws: `refused` if the server stays with HTTP, and whatever else keeps it from being reached.
    package convenience init(
        to address: ServerAddress,
        headers: [(name: String, value: String)] = [],
        trust: Trust,
        timeout: Int
    ) throws(TransportError) {
        let deadline = SystemClock.milliseconds() + Int64(timeout)
        var stream = try ByteStream(to: address, trust: trust, timeout: timeout)
        let early = try WebSocketConnection.upgrade(&stream, address, headers, until: deadline)
        self.init(over: stream, early)
    }

    private init(over stream: consuming ByteStream, _ early: [UInt8]) {
        ProcessMemory.keepForMessages()
        self.stream = stream
        early.withUnsafeBytes { incoming.append($0) }
    }

    /// - Returns: what came behind the answer already.
    private static func upgrade(
        _ stream: inout ByteStream,
        _ address: ServerAddress,
        _ headers: [(name: String, value: String)],
        until deadline: Int64
    ) throws(TransportError) -> [UInt8] {
        let key = Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        let request = HTTPRequest(
            "GET",
            address,
            headers: headers + [
                ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", key),
            ]
        )
        try HTTPExchange.send(request.bytes(.upgraded), over: &stream, until: deadline)
        var reader = ResponseReader()
        var isAtEnd = false
        while true {
            if let head = try reader.head() {
                if head.status == 101 {
                    guard head.values("sec-websocket-accept") == [WebSocketConnection.accept(for: key)] else {
                        throw .malformed("it accepted a WebSocket that was not asked for")
                    }
                    return reader.takeRest()
                }
                if let response = try reader.response(isAtEnd: isAtEnd) {
                    throw .refused(status: response.status, response.excerpt)
                }
                // The end has come, and the body is cut off.
                if isAtEnd { throw .refused(status: head.status, "") }
            }
            if isAtEnd { throw .lost("the server closed the connection") }
            isAtEnd = try !reader.read(from: &stream, until: deadline)
        }
    }

    /// What a server answers to a key (RFC 6455 §4.2.2, step 5.4).
    package static func accept(for key: String) -> String {
        Data(Digest.sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))).base64EncodedString()
    }

    package var descriptor: Int32 { stream.descriptor }

    /// Whether ``flush()`` waits for the connection to take more.
    package var wantsToWrite: Bool { stream.wantsToWrite || !outgoing.isEmpty }

    /// What to wait for before ``receive()`` and ``flush()``.
    package var interest: PollSet.Interest {
        PollSet.Interest(descriptor, wantsToWrite ? [.readable, .writable] : .readable)
    }

    /// Whether messages should be given to ``send(_:_:)`` now; they are taken in any case.
    package var hasRoom: Bool { outgoing.count < WebSocketConnection.outgoingLimit }

    /// Puts a message on its way.
    package func send(_ opcode: WebSocketHeader.Opcode, _ payload: [UInt8]) {
        let mask = random.next(upperBound: UInt32.max)
        let header = WebSocketHeader(opcode, length: payload.count, mask: mask)
        header.bytes.withUnsafeBytes { outgoing.append($0) }
        payload.withUnsafeBytes { payload in
            outgoing.append(count: payload.count) { WebSocketHeader.apply(mask, offset: 0, payload, to: $0) }
        }
        guard outgoing.count >= WebSocketConnection.outgoingBatch, failure == nil else { return }
        do { try flush() } catch { failure = error }
    }

    /// Says goodbye; what was sent before still goes out.
    package func close() {
        guard !isClosing else { return }
        isClosing = true
        send(.close, [0x03, 0xE8])
    }

    /// Sends what can be sent now.
    package func flush() throws(TransportError) {
        if let failure { throw failure }
        while !outgoing.isEmpty {
            let count = try stream.write(outgoing.content)
            guard count > 0 else { return }
            outgoing.removeFirst(count)
        }
        _ = try stream.flush()
    }

    /// What ``receive()`` has left behind.
    package enum Received {
        /// Everything that has arrived was taken.
        case all
        /// It stopped at its limit. There may be more in this process's memory, which no descriptor tells of.
        case some
        /// The connection has ended.
        case ended
    }

    /// Takes from the connection what has arrived, up to a limit.
    package func receive() throws(TransportError) -> Received {
        repeat {
            let count = try incoming.fill(reserving: 64 * 1024) { buffer throws(TransportError) in
                try stream.read(into: buffer)
            }
            guard let count else { return .ended }
            guard count > 0 else { return .all }
            lastHeard = SystemClock.milliseconds()
        } while incoming.count < WebSocketConnection.incomingLimit
        return .some
    }

    /// The next whole message, handed to `body` and gone afterwards. Pings are answered here.
    ///
    /// - Returns: nil if there is none yet.
    /// - Throws: `lost` when the server said goodbye, `malformed`.
    package func next<Value>(
        _ body: (WebSocketHeader.Opcode, UnsafeRawBufferPointer) -> Value
    ) throws(TransportError) -> Value? {
        while true {
            let parsed: (WebSocketHeader, size: Int)?
            do { parsed = try WebSocketHeader.parse(incoming.content) } catch {
                throw .malformed("a WebSocket frame with a wrong header")
            }
            guard let (header, size) = parsed else { return nil }
            guard header.mask == nil else { throw .malformed("a masked frame") }
            guard header.length <= WebSocketConnection.messageLimit else {
                throw .malformed("a frame of 2 MiB or more")
            }
            guard incoming.count >= size + header.length else { return nil }
            let payload = UnsafeRawBufferPointer(rebasing: incoming.content[size..<size + header.length])
            defer { incoming.removeFirst(size + header.length) }
            switch header.opcode {
            case .ping: if outgoing.count < WebSocketConnection.outgoingLimit { send(.pong, Array(payload)) }
            case .pong: break
            case .close: throw .lost("the server closed the channel")
            case .text, .binary:
                guard piecesOpcode == nil else { throw .malformed("a message within another") }
                if header.isFinal { return body(header.opcode, payload) }
                piecesOpcode = header.opcode
                chunks = Array(payload)
            case .continuation:
                guard let opcode = piecesOpcode, chunks.count + payload.count <= WebSocketConnection.messageLimit else {
                    throw .malformed("a piece of no message, or of one that is too long")
                }
                chunks += payload
                if header.isFinal {
                    piecesOpcode = nil
                    defer { chunks = [] }
                    return chunks.withUnsafeBytes { body(opcode, $0) }
                }
            }
        }
    }
}
