// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTransport

/// A port, one connection at a time: for a client's standard streams, and for clients that know no multiplexing.
final class PortBackend: SessionBackend {
    private static let backlogLimit = 512 * 1024
    private static let batch = 4

    private let target: PortTarget
    private var connection: PortConnection?
    private var extensions: Handshake.Extensions?
    private(set) var isOver = false

    init(_ target: PortTarget) throws(SessionBackendFailure) {
        self.target = target
        connection = try PortBackend.dial(target)
    }

    private static func dial(_ target: PortTarget) throws(SessionBackendFailure) -> PortConnection {
        do { return try PortConnection(target) } catch {
            throw SessionBackendFailure(reason: error.description.terminalSafe)
        }
    }

    /// The client before was in the middle of its stream, which means nothing to another one.
    func takenOver(by channel: inout DataChannel) throws(SessionBackendFailure) {
        isOver = false
        connection = try PortBackend.dial(target)
    }

    func agreed(on extensions: Handshake.Extensions?) { self.extensions = extensions }

    func add(to waits: inout PollSet, sends: Bool) { connection?.add(to: &waits, reads: sends) }

    func accept(_ delivery: StreamReceiver.Delivery) throws(SessionBackendFailure) -> Bool {
        switch PayloadType(rawValue: delivery.payloadType) {
        case .output:
            if connection == nil { connection = try PortBackend.dial(target) }
            guard let connection, connection.socket.backlog < PortBackend.backlogLimit else { return false }
            connection.socket.append(delivery.payload[...])
        case .inputEnd: connection?.socket.endInput()
        case .flag where delivery.payload.last == UInt8(Flag.disconnectToPort.rawValue): connection = nil
        default: break
        }
        return true
    }

    func pump(into channel: inout DataChannel) throws(SessionBackendFailure) {
        guard let connection else { return }
        do { try connection.advance() } catch { throw SessionBackendFailure(reason: error.description.terminalSafe) }
        let chunk = extensions == nil ? 16 * 1024 : 64 * 1024
        for _ in 0..<PortBackend.batch where channel.room > 0 {
            let count = channel.send(.output, capacity: min(chunk, channel.room)) { target in
                if case .bytes(let count) = connection.socket.read(into: target) { return count }
                return 0
            }
            if count == 0 { break }
        }
        if connection.socket.isAtEnd {
            self.connection = nil
            isOver = true
        }
    }
}
