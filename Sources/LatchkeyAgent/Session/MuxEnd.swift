// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeyRelay

/// A port with as many connections at once as the client opens, each a stream of smux.
final class MuxEnd: LocalEnd {
    /// The most bytes that wait to be written to all connections; version 1 has no window for each of them.
    private static let backlogLimit = 4 << 20
    /// So many frames of each connection at a time.
    private static let burst = 4

    private let target: PortTarget
    private var reader = SmuxReader()
    private var connections: [UInt32: PortConnection] = [:]
    /// Frames for the client that found no room yet.
    private var outgoing: [(PayloadType, [UInt8])] = []
    let isOver = false

    init(_ target: PortTarget) { self.target = target }

    func interests(sends: Bool) -> [pollfd] { connections.values.map { $0.interest(reads: sends) } }

    func patience(sends: Bool) -> Int64? { connections.values.compactMap(\.patience).min() }

    private var backlog: Int { connections.values.reduce(0) { $0 + $1.backlog } }

    func accept(_ delivery: StreamReceiver.Delivery) throws(LocalEndFailure) -> Bool {
        guard delivery.payloadType == PayloadType.output.rawValue else { return true }
        guard backlog < MuxEnd.backlogLimit else { return false }
        let events: [Smux.Event]
        do throws(Smux.Fault) { events = try reader.read(delivery.payload) } catch {
            throw LocalEndFailure(reason: "the client's multiplexed stream is damaged (\(error))")
        }
        for event in events {
            switch event {
            case .opened(let stream):
                do { connections[stream] = try PortConnection(target) } catch { fail(stream) }
            case .data(let stream, let bytes): connections[stream]?.append(bytes)
            case .closed(let stream): connections[stream]?.endInput()
            }
        }
        return true
    }

    private func fail(_ stream: UInt32) {
        outgoing.append((.flag, withUnsafeBytes(of: Flag.connectToPortError.rawValue.bigEndian, Array.init)))
        close(stream)
    }

    private func close(_ stream: UInt32) {
        connections[stream] = nil
        reader.close(stream)
        outgoing.append((.output, Smux.frame(.close, stream)))
    }

    func pump(into channel: inout DataChannel) throws(LocalEndFailure) {
        for (stream, connection) in connections {
            do { try connection.advance() } catch {
                fail(stream)
                continue
            }
            for _ in 0..<MuxEnd.burst where channel.room > 2 * Smux.headerSize && outgoing.isEmpty {
                let count = channel.send(.output, capacity: min(Smux.headerSize + Smux.dataLimit, channel.room)) {
                    target in
                    let room = UnsafeMutableRawBufferPointer(rebasing: target[Smux.headerSize...])
                    guard case .bytes(let count) = connection.read(into: room) else { return 0 }
                    target.copyBytes(from: Smux.header(.data, stream, length: count))
                    return Smux.headerSize + count
                }
                if count == 0 { break }
            }
            if connection.isAtEnd { close(stream) }
        }
        var sent = 0
        while sent < outgoing.count, channel.room > 0 {
            channel.send(outgoing[sent].0, outgoing[sent].1)
            sent += 1
        }
        outgoing.removeFirst(sent)
    }
}
