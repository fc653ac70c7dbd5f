// SPDX-License-Identifier: Apache-2.0

import Glibc
import LatchkeyModel
import LatchkeySystem
import LatchkeyTransport
import Testing

@testable import LatchkeySessionProtocol

/// As much of a relay as one data channel needs: it takes WebSocket connections, and what goes over them is the test's.
final class RelayStub {
    private let listener: Int32
    let port: Int
    private var connection: Int32 = -1
    private var outgoing: [UInt8] = []
    private var incoming: [UInt8] = []
    private var random = SystemRandomNumberGenerator()

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 4) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(isBound)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit {
        if connection >= 0 { Glibc.close(connection) }
        Glibc.close(listener)
    }

    /// A connection of a client's, the one before being cut.
    func connect() throws -> WebSocketConnection {
        try connect {
            try WebSocketConnection(
                to: ServerAddress(isSecure: false, host: "127.0.0.1", port: port),
                trust: .system,
                timeout: 100_000
            )
        }
    }

    /// The same, as `dial` opens it.
    func connect(_ dial: () throws -> WebSocketConnection) throws -> WebSocketConnection {
        if connection >= 0 { Glibc.close(connection) }
        (incoming, outgoing) = ([], [])
        let listener = self.listener
        guard let thread = Threads(1, { RelayStub.greet(listener) }) else { throw TransportError.timedOut }
        let socket = try dial()
        thread.join()
        connection = RelayStub.accepted
        _ = fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) | O_NONBLOCK)
        return socket
    }

    /// One test at a time uses it, and joins the thread that sets it.
    private nonisolated(unsafe) static var accepted: Int32 = -1
    /// The last request for a connection, likewise.
    private(set) nonisolated(unsafe) static var request = ""

    private static func greet(_ listener: Int32) {
        accepted = accept(listener, nil, nil)
        var request = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !request.hasSuffix("\r\n\r\n") {
            let count = recv(accepted, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            request += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        RelayStub.request = request
        let key = request.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }?.dropFirst(19) ?? ""
        let answer = Array(
            """
            HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r
            Sec-WebSocket-Accept: \(WebSocketConnection.accept(for: String(key)))\r\n\r\n
            """
            .utf8
        )
        _ = Glibc.send(accepted, answer, answer.count, Int32(MSG_NOSIGNAL))
    }

    /// Puts a message of the other end's on its way.
    func send(_ type: MessageType, _ sequence: Int64, _ payload: [UInt8], _ payloadType: PayloadType = .output) {
        let header = MessageHeader(type: type, stamp: .make(&random), sequence: sequence, payloadType: payloadType)
        let message = header.message(payload)
        outgoing += WebSocketHeader(.binary, length: message.count).bytes + message
    }

    /// A message that is not part of the stream.
    func send(_ type: MessageType) { send(type, 0, [1], .none) }

    func acknowledge(_ type: MessageType, _ sequence: Int64) {
        let stamp = MessageStamp.make(&random)
        let message = AcknowledgeContent.message(of: type, id: stamp.id, sequence: sequence, stamp: stamp)
        outgoing += WebSocketHeader(.binary, length: message.count).bytes + message
    }

    /// Sends what the connection takes, and returns the messages that have come.
    func turn() throws -> [(header: MessageHeader, payload: [UInt8])] {
        while !outgoing.isEmpty {
            let count = Glibc.send(connection, outgoing, outgoing.count, Int32(MSG_NOSIGNAL))
            guard count > 0 else { break }
            outgoing.removeFirst(count)
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            incoming += buffer.prefix(count)
        }
        var messages: [(header: MessageHeader, payload: [UInt8])] = []
        while let (header, size) = try incoming.withUnsafeBytes({ try WebSocketHeader.parse($0) }),
            incoming.count >= size + header.length
        {
            var bytes = Array(incoming[size..<size + header.length])
            incoming.removeFirst(size + header.length)
            bytes.withUnsafeMutableBytes { bytes in
                WebSocketHeader.apply(header.mask ?? 0, offset: 0, UnsafeRawBufferPointer(bytes), to: bytes)
            }
            guard header.opcode == .binary else { continue }
            let read = try bytes.withUnsafeBytes { try MessageHeader(of: $0) }
            messages.append((read, Array(bytes[MessageHeader.size...])))
        }
        return messages
    }
}
