// SPDX-License-Identifier: Apache-2.0

package import LatchkeySystem
internal import LatchkeyTransport

/// One end of several connections in a session's one stream of bytes. Nothing here waits.
///
/// smux knows one way only to end a stream, which both official ends take for the end of both directions. Between Latchkey's own
/// (``Handshake/Extensions/halfClose``) it ends the direction of the one that says it, and said twice it ends both.
package struct Multiplexer<Connection: MuxConnection> {
    private struct Stream {
        let connection: Connection
        /// How often this end has said that it is closed.
        var closesSent = 0
        /// Whether nothing more comes from the other end.
        var isClosed = false
        var isAbandoned = false
    }

    /// The most bytes that wait to be written to all connections; version 1 has no window for each of them.
    private let backlogLimit = 4 << 20
    /// So many frames wait for room before nothing more is done that would make others.
    private let answerLimit = 256
    /// So many frames of each connection at a time.
    private let batch = 4

    private var reader = SmuxReader()
    private var streams: [UInt32: Stream] = [:]
    /// Frames that found no room yet.
    private var outgoing: [[UInt8]] = []
    /// The last stream that this end has opened; those of a client are odd.
    private var lastOpened: UInt32 = 1
    /// How many connections could not be made, since ``takeFailure()`` was asked.
    private var failures = 0

    /// Whether the end of a direction is told by itself.
    package var closesEachWay = false { didSet { reader.closesEachWay = closesEachWay } }

    package init() {}

    /// How many frames wait for room.
    package var answersWaiting: Int { outgoing.count + failures }

    package var streamCount: Int { streams.count }

    /// Adds what there is to wait for; `reads` says whether what the connections say would be taken now.
    package func add(to waits: inout PollSet, reads: Bool) {
        for stream in streams.values { stream.connection.add(to: &waits, reads: reads) }
    }

    /// A connection that could not be made, once for each.
    package mutating func takeFailure() -> Bool {
        guard failures > 0 else { return false }
        failures -= 1
        return true
    }

    /// Opens a stream for a connection of this end's.
    package mutating func open(_ connection: Connection) {
        lastOpened += 2
        reader.open(lastOpened)
        streams[lastOpened] = Stream(connection: connection)
        outgoing.append(Smux.frame(.open, lastOpened))
    }

    // MARK: What comes

    /// Takes in bytes, which ``takeFrames(_:)`` reads.
    package mutating func append(_ bytes: [UInt8]) { reader.append(bytes) }

    /// Does what the other end's frames ask for, as far as there is room for what comes of it. The rest waits in the reader.
    ///
    /// - Parameter connect: makes the connection for a stream that the other end opens; nil where that is not for it to do.
    /// - Returns: whether all were taken.
    /// - Throws: what makes the whole stream of bytes meaningless from there on.
    package mutating func takeFrames(_ connect: (() throws -> Connection)?) throws(Smux.Fault) -> Bool {
        var backlog = streams.values.reduce(0) { $0 + $1.connection.socket.backlog }
        while backlog < backlogLimit, answersWaiting < answerLimit {
            switch try reader.next() {
            case .opened(let stream):
                guard let connect else {
                    // Not for the other end to do.
                    refuse(stream)
                    break
                }
                // Connections that end take their time, and a descriptor.
                guard streams.count < SmuxReader.streamLimit, let connection = try? connect() else {
                    fail(stream)
                    break
                }
                streams[stream] = Stream(connection: connection)
            case .data(let stream, let bytes):
                guard let known = streams[stream], !known.isClosed else { break }
                backlog += bytes.count
                known.connection.socket.append(bytes)
            case .closed(let stream): closed(stream)
            case nil: return true
            }
        }
        return false
    }

    private mutating func closed(_ stream: UInt32) {
        guard let known = streams[stream] else { return }
        if closesEachWay && !known.isClosed {
            streams[stream]?.isClosed = true
            known.connection.socket.endInput()
            return
        }
        // The other end reads no more.
        streams[stream]?.isClosed = true
        if known.closesSent == 0 { close(stream) }
        abandon(stream)
    }

    // MARK: What goes

    private mutating func fail(_ stream: UInt32) {
        failures += 1
        refuse(stream)
    }

    private mutating func refuse(_ stream: UInt32) {
        // Both directions, whichever way that is said.
        for _ in 0..<(closesEachWay ? 2 : 1) { outgoing.append(Smux.frame(.close, stream)) }
        remove(stream)
    }

    private mutating func close(_ stream: UInt32) {
        streams[stream]?.closesSent += 1
        outgoing.append(Smux.frame(.close, stream))
    }

    private mutating func abandon(_ stream: UInt32) {
        guard streams[stream]?.isAbandoned == false else { return }
        streams[stream]?.isAbandoned = true
        streams[stream]?.connection.socket.abandon()
        // Nothing else may call for it.
        streams[stream]?.connection.socket.advance()
    }

    private mutating func remove(_ stream: UInt32) {
        streams[stream] = nil
        reader.close(stream)
    }

    /// Moves what connections say into the carrier, as far as that has room.
    package mutating func pump<Carrier: MuxCarrier & ~Copyable>(into carrier: inout Carrier) {
        for (stream, known) in streams {
            let connection = known.connection
            do { try connection.advance() } catch {
                fail(stream)
                continue
            }
            if !known.isAbandoned { read(connection.socket, stream, into: &carrier) }
            updateStream(stream, connection.socket)
        }
        flush(into: &carrier)
    }

    private func read<Carrier: MuxCarrier & ~Copyable>(
        _ socket: SocketConnection,
        _ stream: UInt32,
        into carrier: inout Carrier
    ) {
        for _ in 0..<batch where carrier.room > 2 * Smux.headerSize && outgoing.isEmpty {
            let count = carrier.send(capacity: min(Smux.headerSize + Smux.dataLimit, carrier.room)) { target in
                let room = UnsafeMutableRawBufferPointer(rebasing: target[Smux.headerSize...])
                guard case .bytes(let count) = socket.read(into: room) else { return 0 }
                target.copyBytes(from: Smux.header(.data, stream, length: count))
                return Smux.headerSize + count
            }
            if count == 0 { break }
        }
    }

    /// Tells the other end what has become of a connection, and lets go of what is over.
    private mutating func updateStream(_ stream: UInt32, _ socket: SocketConnection) {
        guard let known = streams[stream] else { return }
        if socket.isAtEnd, known.closesSent == 0 { close(stream) }
        // Where nothing is taken any more, what is still said is read all the same.
        if socket.isBroken, socket.isAtEnd, !known.isClosed {
            // What the other end still sends would go nowhere.
            if closesEachWay { close(stream) }
            return remove(stream)
        }
        if known.isAbandoned {
            if socket.isDone || socket.isBroken { remove(stream) }
        } else if streams[stream]?.closesSent ?? 0 > 0, known.isClosed || !closesEachWay {
            abandon(stream)
            // What comes for it from now on is dropped.
            streams[stream]?.isClosed = true
        }
    }

    /// Sends the frames that wait, as far as there is room.
    package mutating func flush<Carrier: MuxCarrier & ~Copyable>(into carrier: inout Carrier) {
        var sent = 0
        while sent < outgoing.count, carrier.room >= outgoing[sent].count {
            let frame = outgoing[sent]
            _ = carrier.send(capacity: frame.count) { target in
                target.copyBytes(from: frame)
                return frame.count
            }
            sent += 1
        }
        outgoing.removeFirst(sent)
    }
}
