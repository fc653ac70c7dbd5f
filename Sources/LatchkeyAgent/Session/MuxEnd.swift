// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeyRelay

/// A port with as many connections at once as the client opens, each a stream of smux.
final class MuxEnd: LocalEnd {
    /// The most bytes that wait to be written to all connections; version 1 has no window for each of them.
    private static let backlogLimit = 4 << 20
    /// So many frames wait for room before nothing more is done that would make others.
    private static let answerLimit = 256
    /// So many frames of each connection at a time.
    private static let burst = 4

    private let target: PortTarget
    private var reader = SmuxReader()
    private var connections: [UInt32: PortConnection] = [:]
    /// Frames for the client that found no room yet.
    private var outgoing: [(PayloadType, [UInt8])] = []
    let isOver = false

    /// How many frames wait for room.
    var answersWaiting: Int { outgoing.count }

    init(_ target: PortTarget) { self.target = target }

    func interests(sends: Bool) -> [pollfd] { connections.values.map { $0.interest(reads: sends) } }

    func patience(sends: Bool) -> Int64? { connections.values.compactMap(\.patience).min() }

    /// The client before had its own streams, under the same numbers.
    func takenOver(by channel: inout DataChannel) {
        reader = SmuxReader()
        connections = [:]
        outgoing = []
    }

    func accept(_ delivery: StreamReceiver.Delivery) throws(LocalEndFailure) -> Bool {
        guard delivery.payloadType == PayloadType.output.rawValue else { return true }
        guard try takeFrames() else { return false }
        reader.append(delivery.payload)
        _ = try takeFrames()
        return true
    }

    /// Does what the client's frames ask for, as far as there is room for what comes of it. The rest of one message waits in
    /// the reader.
    ///
    /// - Returns: whether all were taken.
    private func takeFrames() throws(LocalEndFailure) -> Bool {
        var backlog = connections.values.reduce(0) { $0 + $1.backlog }
        while backlog < MuxEnd.backlogLimit, outgoing.count < MuxEnd.answerLimit {
            let event: Smux.Event?
            do throws(Smux.Fault) { event = try reader.next() } catch {
                throw LocalEndFailure(reason: "the client's multiplexed stream is damaged (\(error))")
            }
            switch event {
            case .opened(let stream):
                do { connections[stream] = try PortConnection(target) } catch { fail(stream) }
            case .data(let stream, let bytes):
                backlog += bytes.count
                connections[stream]?.append(bytes)
            // The official client closes a stream for both directions at once: it reads no more of it.
            case .closed(let stream): connections[stream]?.abandon()
            case nil: return true
            }
        }
        return false
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
        var mayHaveMore = true
        while mayHaveMore {
            let count = send(into: &channel)
            // What was taken makes room for what the client's frames still ask for.
            mayHaveMore = try !takeFrames() && count > 0
        }
    }

    /// - Returns: how many frames found room.
    private func send(into channel: inout DataChannel) -> Int {
        var sent = 0
        while sent < outgoing.count, channel.room > 0 {
            channel.send(outgoing[sent].0, outgoing[sent].1)
            sent += 1
        }
        outgoing.removeFirst(sent)
        return sent
    }
}
