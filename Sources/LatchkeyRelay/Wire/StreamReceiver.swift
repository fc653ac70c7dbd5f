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

    /// The most bytes that are kept, ready or early.
    private let limit: Int
    private var ready: [Delivery] = []
    private var head = 0
    private var early: [Int64: Delivery] = [:]
    private var bytes = 0
    /// The number that the next message in order will have.
    package private(set) var expected: Int64 = 0

    package init(limit: Int = 8 << 20) { self.limit = limit }

    /// Bytes that wait to be taken out, those that are early included.
    package var bytesHeld: Int { bytes }

    package var isEmpty: Bool { head == ready.count }

    /// Takes in a message; the payload is copied.
    package mutating func receive(_ header: MessageHeader, _ payload: UnsafeRawBufferPointer) -> Verdict {
        if header.sequence < expected || early[header.sequence] != nil { return .duplicate }
        guard bytes + payload.count <= limit || header.sequence == expected else { return .dropped }
        let delivery = Delivery(
            sequence: header.sequence,
            id: header.id,
            payloadType: header.payloadType,
            payload: Array(payload)
        )
        // Each costs some memory of its own, besides its bytes.
        guard header.sequence == expected || early.count < 10_000 else { return .dropped }
        bytes += payload.count
        guard header.sequence == expected else {
            early[header.sequence] = delivery
            return .early
        }
        ready.append(delivery)
        expected += 1
        while let next = early.removeValue(forKey: expected) {
            ready.append(next)
            expected += 1
        }
        return .ready
    }

    /// The payload whose turn it is; it stays until ``removeFirst()``.
    package var next: Delivery? { isEmpty ? nil : ready[head] }

    /// Takes out the payload whose turn it was: now it may be acknowledged.
    package mutating func removeFirst() {
        bytes -= ready[head].payload.count
        ready[head].payload = []
        head += 1
        if head == ready.count {
            ready.removeAll(keepingCapacity: true)
            head = 0
        }
    }

    /// Everything begins anew, with another peer.
    package mutating func restart() { self = StreamReceiver(limit: limit) }
}
