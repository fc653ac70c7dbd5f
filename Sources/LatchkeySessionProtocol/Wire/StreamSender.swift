// SPDX-License-Identifier: Apache-2.0

/// One direction of a session, at the end that sends: numbers the messages, keeps each until it is acknowledged, and says
/// which to send again. Times are milliseconds on a clock that never jumps.
package struct StreamSender: Sendable {
    /// How the other end acknowledges.
    package enum Acknowledgement: Sendable {
        /// Each message by itself, and again if it comes again: the official agent.
        case individual
        /// Each message by itself, and never again: the official plugin.
        case once
        /// All up to a number: between Latchkey's own ends, as agreed in the handshake.
        case cumulative
    }

    package struct Limits: Sendable {
        /// The most bytes that are under way, headers included; the sender's memory is bounded by it.
        package var bytes: Int
        /// The most messages that are under way. An official plugin keeps 10,000 that come too early and drops the rest.
        package var messages: Int

        package init(bytes: Int = 4 << 20, messages: Int = 4096) {
            self.bytes = bytes
            self.messages = messages
        }
    }

    private struct Message: Sendable {
        /// Empty once it is acknowledged.
        var bytes: [UInt8]
        /// When it was sent last.
        var sent: Int64
        /// When it was sent over this connection first.
        var since: Int64
        var isAcknowledged = false
        /// A sample from a message that was sent twice says nothing (Karn's algorithm, RFC 6298 §3).
        var wasResent = false
    }

    package var acknowledgement: Acknowledgement
    /// What the other end checks messages by.
    package var digest = PayloadDigest.sha256
    private let type: MessageType
    private let limits: Limits
    private var unacknowledged: [Message] = []
    /// Where in `unacknowledged` the oldest one is; those before it are gone and wait for a tidy-up.
    private var head = 0
    /// The number of the message at `head`.
    private var base: Int64 = 0
    /// The number of the next message to hand out again after a reconnection; nil when all are out.
    private var replay: Int64?
    /// Where that ends: what was made later has gone out over this connection already.
    private var replayEnd: Int64 = 0
    package private(set) var bytesUnderWay = 0
    private var roundTrip = RoundTrip()
    /// How often the front message was sent again in a row; each time the wait doubles.
    private var backoff = 0
    /// When the front message last changed.
    private var progressed = Int64.min
    /// From this number on, a message that was sent once went out behind all that came before it.
    private var inOrderFrom: Int64 = 0
    /// The number from which on an acknowledgement says that the front message has arrived; see ``settleIgnored(before:)``.
    private var trial: Int64?
    /// The first number that never went out over an earlier connection.
    private var firstOfConnection: Int64 = 0
    /// Whether the other end takes output: an official plugin drops without a word what comes before it is ready for it. To be
    /// set once it has sent something that only one that is ready sends.
    package var isPeerReady = false

    /// - Parameter type: `input` at a client, `output` at an agent. The other end counts as an official one at first.
    package init(_ type: MessageType, limits: Limits = Limits()) {
        self.type = type
        self.limits = limits
        acknowledgement = type == .output ? .once : .individual
    }

    private var count: Int { unacknowledged.count - head }

    /// The number that the next message will have.
    package var nextSequence: Int64 { base + Int64(count) }

    /// Whether everything that was sent has been acknowledged.
    package var isDrained: Bool { count == 0 }

    /// Whether the other end has everything, as far as that can be found out where nothing more will be sent.
    ///
    /// What an official plugin had before a cut, it does not acknowledge again, and no later message tells (see
    /// ``settleIgnored(before:)``). So where all that is left went out over an earlier connection, and again over this one, and
    /// the first of it over and over for longer than a plugin needs to get ready, it has arrived; or it lies unread before a
    /// plugin that stands still, in its order and before whatever says that the session is over.
    package var hasArrived: Bool {
        if isDrained { return true }
        guard acknowledgement == .once, replay == nil, trial != nil else { return false }
        return unacknowledged[(head + Int(max(0, firstOfConnection - base)))...].allSatisfy(\.isAcknowledged)
    }

    /// How many more bytes of payload may go under way now, in one message. A longer one is sent all the same, and goes
    /// beyond the limits by that much.
    package var room: Int {
        let free = limits.bytes - bytesUnderWay - MessageHeader.size
        guard count < limits.messages, free > 0 else { return 0 }
        guard acknowledgement == .once else { return free }
        // Where all that is under way has arrived unacknowledged, one more message is needed to find that out. There is
        // room kept for some of them, since their acknowledgements may be lost, too.
        let spare = limits.bytes / 16
        let isFull = count >= limits.messages - max(1, limits.messages / 16) || free <= spare
        if isFull { return trial == nextSequence ? min(free, max(1, spare / 256)) : 0 }
        return free - spare
    }

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
            header.write(into: UnsafeMutableRawBufferPointer(rebasing: all[..<count]), digest: digest)
        }
        guard !bytes.isEmpty else { return nil }
        unacknowledged.append(Message(bytes: bytes, sent: now, since: now))
        if replay != nil { inOrderFrom = nextSequence }
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
            markAcknowledged(index)
        case .once:
            markAcknowledged(index)
            if sequence >= inOrderFrom, !unacknowledged[index].wasResent { settleIgnored(before: index) }
        case .cumulative:
            for earlier in head...index { markAcknowledged(earlier) }
        }
        while head < unacknowledged.count, unacknowledged[head].isAcknowledged {
            head += 1
            base += 1
            backoff = 0
            progressed = now
            trial = nil
        }
        if let next = replay, next < base { replay = base < replayEnd ? base : nil }
        if head == unacknowledged.count {
            unacknowledged.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 256 && head * 2 > unacknowledged.count {
            unacknowledged.removeFirst(head)
            head = 0
        }
    }

    private mutating func markAcknowledged(_ index: Int) {
        guard !unacknowledged[index].isAcknowledged else { return }
        unacknowledged[index].isAcknowledged = true
        bytesUnderWay -= unacknowledged[index].bytes.count
        unacknowledged[index].bytes = []
    }

    /// What the official plugin said nothing about although it acknowledged a later message.
    ///
    /// It drops without a word what it had before, so a message whose acknowledgement was lost with a connection would be
    /// sent again for ever, and in the end nothing else. But within a connection nothing is lost or overtaken, and
    /// `index` went out once, behind all that came before: so the plugin has seen those over this connection. It
    /// acknowledges one that comes early, and the one that it waits for unless it is not ready for that. So all of those
    /// that it passed over it had before; only the last could be the one that it waits for.
    ///
    /// The last is believed to have arrived, too, once it was sent over and over for longer than a plugin needs to get
    /// ready, and a message that was made after that is acknowledged.
    private mutating func settleIgnored(before index: Int) {
        guard let last = (head..<index).last(where: { !unacknowledged[$0].isAcknowledged }) else { return }
        for earlier in head..<last { markAcknowledged(earlier) }
        if last == head, let trial, base + Int64(index - head) >= trial { markAcknowledged(last) }
    }

    /// How long a plugin may take to get ready. One that has taken some messages is ready.
    private var acknowledgementTimeout: Int64 { isPeerReady || base >= 16 ? 1000 : 10_000 }

    /// The connection is another one: whatever is not acknowledged may have been lost with the old one.
    package mutating func reconnected() {
        replay = count > 0 ? base : nil
        replayEnd = nextSequence
        inOrderFrom = nextSequence
        firstOfConnection = nextSequence
        trial = nil
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
            replay = sequence + 1 < replayEnd ? sequence + 1 : nil
            guard !unacknowledged[index].isAcknowledged else { continue }
            unacknowledged[index].sent = now
            unacknowledged[index].since = now
            unacknowledged[index].wasResent = true
            return unacknowledged[index].bytes
        }
        // As the official ends do, only the oldest one: the rest waits behind it at the receiver.
        guard let deadline, now >= deadline else { return nil }
        unacknowledged[head].sent = now
        unacknowledged[head].wasResent = true
        backoff = min(backoff + 1, 4)
        if acknowledgement == .once, trial == nil, now - unacknowledged[head].since >= acknowledgementTimeout {
            trial = nextSequence
        }
        return unacknowledged[head].bytes
    }

    /// When ``due(now:)`` has something at the latest; nil if nothing is under way.
    package var deadline: Int64? {
        guard count > 0 else { return nil }
        if replay != nil { return unacknowledged[head].sent }
        // As long as the front moves on, the other end is at work on what is under way (RFC 6298 §5.3).
        return max(unacknowledged[head].sent, progressed) + Int64(roundTrip.timeout) << Int64(backoff)
    }
}
