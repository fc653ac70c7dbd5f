// SPDX-License-Identifier: Apache-2.0

/// One direction of a session, at the end that sends: numbers the messages, keeps each until it is acknowledged, and says
/// which to send again. Times are milliseconds on a clock that never jumps.
package struct StreamSender: Sendable {
    /// How the other end acknowledges.
    package enum Acknowledgement: Sendable {
        /// Each message by itself: the official ends.
        case individual
        /// All up to a number: between Latchkey's own ends, as agreed in the handshake.
        case cumulative
    }

    package struct Limits: Sendable {
        /// The most bytes that are under way; the sender's memory is bounded by it.
        package var bytes: Int
        /// The most messages that are under way. An official plugin keeps 10,000 that come too early and drops the rest.
        package var messages: Int

        package init(bytes: Int = 4 << 20, messages: Int = 4096) {
            self.bytes = bytes
            self.messages = messages
        }
    }

    private struct Message: Sendable {
        let bytes: [UInt8]
        var sent: Int64
        var isAcknowledged = false
        /// A sample from a message that was sent twice says nothing (Karn's algorithm, RFC 6298 §3).
        var wasResent = false
    }

    package var acknowledgement = Acknowledgement.individual
    private let type: MessageType
    private let limits: Limits
    private var unacknowledged: [Message] = []
    /// Where in `unacknowledged` the oldest one is; those before it are gone and wait for a tidy-up.
    private var head = 0
    /// The number of the message at `head`.
    private var base: Int64 = 0
    /// The number of the next message to hand out again after a reconnection; nil when all are out.
    private var replay: Int64?
    private var bytesUnderWay = 0
    private var roundTrip = RoundTrip()
    /// How often the front message was sent again in a row; each time the wait doubles.
    private var backoff = 0

    /// - Parameter type: `input` at a client, `output` at an agent.
    package init(_ type: MessageType, limits: Limits = Limits()) {
        self.type = type
        self.limits = limits
    }

    private var count: Int { unacknowledged.count - head }

    /// The number that the next message will have.
    package var nextSequence: Int64 { base + Int64(count) }

    /// Whether everything that was sent has been acknowledged.
    package var isDrained: Bool { count == 0 }

    /// How many more bytes may go under way now.
    package var room: Int { count < limits.messages ? max(0, limits.bytes - bytesUnderWay) : 0 }

    /// Makes a message and keeps it.
    ///
    /// - Parameters:
    ///   - capacity: the most bytes that `fill` writes.
    ///   - fill: writes the payload and returns its length; at 0 nothing is sent, since neither official end can make,
    ///     or is sure to take, an empty one.
    /// - Returns: the message to put on the wire; nil if it is empty.
    package mutating func send(
        _ payloadType: PayloadType,
        stamp: MessageStamp,
        now: Int64,
        capacity: Int,
        _ fill: (UnsafeMutableRawBufferPointer) throws -> Int
    ) rethrows -> [UInt8]? {
        let sequence = nextSequence
        let header = MessageHeader(
            type: type,
            stamp: stamp,
            sequence: sequence,
            flags: type == .output && sequence == 0 ? 1 : 0,
            payloadType: payloadType
        )
        let bytes = try [UInt8](unsafeUninitializedCapacity: MessageHeader.size + capacity) { buffer, count in
            let all = UnsafeMutableRawBufferPointer(buffer)
            let length = try fill(
                UnsafeMutableRawBufferPointer(rebasing: all[MessageHeader.size..<MessageHeader.size + capacity])
            )
            guard length > 0 else { return }
            count = MessageHeader.size + length
            header.write(into: UnsafeMutableRawBufferPointer(rebasing: all[..<count]))
        }
        guard !bytes.isEmpty else { return nil }
        unacknowledged.append(Message(bytes: bytes, sent: now))
        bytesUnderWay += bytes.count
        return bytes
    }

    package mutating func send(
        _ payloadType: PayloadType,
        _ payload: some Collection<UInt8>,
        stamp: MessageStamp,
        now: Int64
    ) -> [UInt8]? {
        send(payloadType, stamp: stamp, now: now, capacity: payload.count) { target in
            target.copyBytes(from: payload)
            return payload.count
        }
    }

    /// Takes note of an acknowledgement. One for a number that was never sent, or long ago, changes nothing.
    package mutating func acknowledged(_ sequence: Int64, now: Int64) {
        guard sequence >= base, sequence < nextSequence else { return }
        let index = head + Int(sequence - base)
        if !unacknowledged[index].wasResent && !unacknowledged[index].isAcknowledged {
            roundTrip.add(sample: Double(max(0, now - unacknowledged[index].sent)))
        }
        switch acknowledgement {
        case .individual:
            settle(index)
        case .cumulative:
            for earlier in head...index { settle(earlier) }
        }
        while head < unacknowledged.count, unacknowledged[head].isAcknowledged {
            unacknowledged[head] = Message(bytes: [], sent: 0, isAcknowledged: true)
            head += 1
            base += 1
            backoff = 0
        }
        if let next = replay, next < base { replay = base < nextSequence ? base : nil }
        if head == unacknowledged.count {
            unacknowledged.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 256 && head * 2 > unacknowledged.count {
            unacknowledged.removeFirst(head)
            head = 0
        }
    }

    private mutating func settle(_ index: Int) {
        guard !unacknowledged[index].isAcknowledged else { return }
        unacknowledged[index].isAcknowledged = true
        bytesUnderWay -= unacknowledged[index].bytes.count
    }

    /// The connection is another one: whatever is not acknowledged may have been lost with the old one.
    package mutating func reconnected() {
        replay = count > 0 ? base : nil
        backoff = 0
    }

    /// Everything begins anew, with another client: nothing is under way, numbers count from 0.
    package mutating func restart() {
        self = StreamSender(type, limits: limits)
    }

    /// The next message to send again now; nil if there is none. To be asked until it is nil.
    package mutating func due(now: Int64) -> [UInt8]? {
        while let sequence = replay {
            let index = head + Int(sequence - base)
            replay = sequence + 1 < nextSequence ? sequence + 1 : nil
            guard !unacknowledged[index].isAcknowledged else { continue }
            unacknowledged[index].sent = now
            unacknowledged[index].wasResent = true
            return unacknowledged[index].bytes
        }
        // As the official ends do, only the oldest one: the rest waits behind it at the receiver.
        guard let deadline, now >= deadline else { return nil }
        unacknowledged[head].sent = now
        unacknowledged[head].wasResent = true
        backoff = min(backoff + 1, 4)
        return unacknowledged[head].bytes
    }

    /// When ``due(now:)`` has something at the latest; nil if nothing is under way.
    package var deadline: Int64? {
        guard count > 0 else { return nil }
        if replay != nil { return unacknowledged[head].sent }
        return unacknowledged[head].sent + Int64(roundTrip.timeout) << Int64(backoff)
    }
}
