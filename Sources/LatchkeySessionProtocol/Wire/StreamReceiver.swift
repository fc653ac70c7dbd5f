// SPDX-License-Identifier: Apache-2.0

/// One direction of a session, at the end that receives: puts the messages in order, and says which to acknowledge.
///
/// A message counts as received, and is acknowledged, once its payload was taken out; so a reader that stands still holds
/// back the sender, end to end.
package struct StreamReceiver: Sendable {
    /// A payload in its turn.
    package struct Delivery: Equatable, Sendable {
        package let sequence: Int64
        package let id: MessageID
        package let payloadType: UInt32
        package var payload: [UInt8]
    }

    /// What became of a message.
    package enum Verdict: Equatable, Sendable {
        /// It is the next one: ``next()`` gives it.
        case ready
        /// It is too early, and kept.
        case early
        /// It came before: to be acknowledged again, since the acknowledgement may have been lost.
        case duplicate
        /// Too early, and there is no room: it will be sent again.
        case dropped
    }

    /// The most bytes that are kept, ready or early; a single message may go beyond it.
    private let limit: Int
    private var ready: [Delivery] = []
    private var head = 0
    private var early: [Int64: Delivery] = [:]
    /// Of all that is kept.
    package private(set) var bytesHeld = 0
    /// Of those that wait to be taken out in their turn.
    package private(set) var bytesReady = 0
    /// The number that the next message in order will have.
    package private(set) var expected: Int64 = 0

    package init(limit: Int = 8 << 20) { self.limit = limit }

    package var isEmpty: Bool { head == ready.count }

    /// Takes in a message; the payload is copied.
    package mutating func receive(_ header: MessageHeader, _ payload: UnsafeRawBufferPointer) -> Verdict {
        if header.sequence < expected || early[header.sequence] != nil { return .duplicate }
        // The one whose turn it is always finds room as long as nothing stands before it: otherwise what is early could
        // keep out what it waits for.
        let isNext = header.sequence == expected
        guard bytesHeld + payload.count <= limit || (isNext && isEmpty) else { return .dropped }
        // Each costs some memory of its own, besides its bytes.
        guard isNext || early.count < 10_000 else { return .dropped }
        let delivery = Delivery(
            sequence: header.sequence,
            id: header.id,
            payloadType: header.payloadType,
            payload: Array(payload)
        )
        bytesHeld += payload.count
        guard isNext else {
            early[header.sequence] = delivery
            return .early
        }
        append(delivery)
        while let next = early.removeValue(forKey: expected) { append(next) }
        return .ready
    }

    private mutating func append(_ delivery: Delivery) {
        ready.append(delivery)
        bytesReady += delivery.payload.count
        expected += 1
    }

    /// The payload whose turn it is; it stays until ``removeFirst()``.
    package var next: Delivery? { isEmpty ? nil : ready[head] }

    /// Takes out the payload whose turn it was: now it may be acknowledged.
    package mutating func removeFirst() {
        bytesHeld -= ready[head].payload.count
        bytesReady -= ready[head].payload.count
        ready[head].payload = []
        head += 1
        if head == ready.count {
            ready.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 256 && head * 2 > ready.count {
            ready.removeFirst(head)
            head = 0
        }
    }

    /// Everything begins anew, with another peer.
    package mutating func restart() { self = StreamReceiver(limit: limit) }
}
