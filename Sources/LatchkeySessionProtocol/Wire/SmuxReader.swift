// SPDX-License-Identifier: Apache-2.0

/// Reads the frames of the other end, however the bytes are cut.
package struct SmuxReader: Sendable {
    /// So many streams at once; each is a connection.
    package static let streamLimit = 1024

    private var pending: [UInt8] = []
    /// Where in `pending` the next frame begins.
    private var position = 0
    private var streams: Set<UInt32> = []

    /// Whether a stream that the other end closes is still one: the other direction may go on, until ``close(_:)``.
    package var closesEachWay = false

    package init() {}

    /// This end opens a stream.
    package mutating func open(_ stream: UInt32) { streams.insert(stream) }

    /// Takes in bytes, which ``next()`` reads.
    package mutating func append(_ bytes: [UInt8]) {
        pending.removeFirst(position)
        position = 0
        pending += bytes
    }

    /// What the next frame says that says something. What belongs to a stream that is closed is left out.
    ///
    /// - Returns: nil until the frame is complete.
    /// - Throws: what makes the whole stream of bytes meaningless from there on.
    package mutating func next() throws(Smux.Fault) -> Smux.Event? {
        while pending.count - position >= Smux.headerSize {
            guard pending[position] == Smux.version else { throw .version(pending[position]) }
            guard let command = Smux.Command(rawValue: pending[position + 1]) else {
                throw .command(pending[position + 1])
            }
            let length = Int(pending[position + 2]) | Int(pending[position + 3]) << 8
            let stream = (0..<4).reduce(UInt32(0)) { $0 | UInt32(pending[position + 4 + $1]) << ($1 * 8) }
            guard command == .data || length == 0 else { throw .unexpectedData }
            guard pending.count - position - Smux.headerSize >= length else { return nil }
            let data = position + Smux.headerSize..<position + Smux.headerSize + length
            position = data.upperBound
            switch command {
            case .open:
                guard streams.count < SmuxReader.streamLimit else { throw .tooManyStreams }
                if streams.insert(stream).inserted { return .opened(stream) }
            case .close:
                guard streams.contains(stream) else { break }
                if !closesEachWay { streams.remove(stream) }
                return .closed(stream)
            case .data:
                if streams.contains(stream), length > 0 { return .data(stream, ArraySlice(pending[data])) }
            case .keepAlive: break
            }
        }
        return nil
    }

    /// Takes in bytes and tells all that they say, in order.
    ///
    /// - Throws: as ``next()``.
    package mutating func read(_ bytes: [UInt8]) throws(Smux.Fault) -> [Smux.Event] {
        append(bytes)
        var events: [Smux.Event] = []
        while let event = try next() { events.append(event) }
        return events
    }

    /// This end closes a stream; what still comes for it is dropped.
    package mutating func close(_ stream: UInt32) { streams.remove(stream) }
}
