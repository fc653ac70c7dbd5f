// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

@testable import LatchkeySessionProtocol

struct StreamReceiverTests {
    private static func receive(
        _ receiver: inout StreamReceiver,
        _ sequence: Int64,
        count: Int = 10
    ) -> StreamReceiver.Verdict {
        let header = MessageHeader(type: .output, stamp: MessageTests.stamp, sequence: sequence, payloadType: .output)
        let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: count)
        return payload.withUnsafeBytes { receiver.receive(header, $0) }
    }

    private static func takeAll(_ receiver: inout StreamReceiver) -> [Int64] {
        var taken: [Int64] = []
        while let delivery = receiver.next {
            #expect(delivery.payload.allSatisfy { $0 == UInt8(truncatingIfNeeded: delivery.sequence) })
            taken.append(delivery.sequence)
            receiver.removeFirst()
        }
        return taken
    }

    @Test func `what comes early waits, and what comes twice is known`() {
        var receiver = StreamReceiver()
        #expect(Self.receive(&receiver, 2) == .early)
        #expect(Self.receive(&receiver, 2) == .duplicate)
        #expect(receiver.isEmpty && receiver.bytesHeld == 10 && receiver.bytesReady == 0)
        #expect(Self.receive(&receiver, 0) == .ready)
        #expect(Self.receive(&receiver, 0) == .duplicate)
        #expect(Self.receive(&receiver, 1) == .ready)
        #expect(receiver.bytesReady == 30 && receiver.expected == 3)
        #expect(Self.takeAll(&receiver) == [0, 1, 2])
        #expect(Self.receive(&receiver, 1) == .duplicate)
        #expect(receiver.bytesHeld == 0 && receiver.bytesReady == 0 && receiver.isEmpty)
    }

    @Test func `numbers at the far end do no harm`() {
        var receiver = StreamReceiver()
        #expect(Self.receive(&receiver, .max) == .early)
        #expect(Self.receive(&receiver, .max - 1) == .early)
        #expect(Self.receive(&receiver, 0) == .ready)
        #expect(Self.takeAll(&receiver) == [0])
    }

    @Test func `what is early does not keep out what it waits for`() {
        var receiver = StreamReceiver(limit: 100)
        for sequence in 1...10 as ClosedRange<Int64> { #expect(Self.receive(&receiver, sequence) == .early) }
        #expect(Self.receive(&receiver, 11) == .dropped)
        #expect(Self.receive(&receiver, 0, count: 50) == .ready)
        // Full now of what can be taken out: the next one has to wait.
        #expect(receiver.bytesHeld == 150)
        #expect(Self.receive(&receiver, 11) == .dropped)
        #expect(Self.takeAll(&receiver) == Array(0...10))
        #expect(Self.receive(&receiver, 11) == .ready)
    }

    @Test func `many small early messages are as bounded as large ones`() {
        var receiver = StreamReceiver()
        for sequence in 1...10_000 as ClosedRange<Int64> {
            #expect(Self.receive(&receiver, sequence, count: 0) == .early)
        }
        #expect(Self.receive(&receiver, 10_001, count: 0) == .dropped)
        #expect(Self.receive(&receiver, 0) == .ready)
        #expect(Self.takeAll(&receiver).count == 10_001)
    }

    @Test func `a reader that never quite catches up gets all in order`() {
        var receiver = StreamReceiver()
        var taken: Int64 = 0
        for sequence in 0..<3000 as Range<Int64> {
            #expect(Self.receive(&receiver, sequence) == .ready)
            guard sequence > 5 else { continue }
            #expect(receiver.next?.sequence == taken)
            receiver.removeFirst()
            taken += 1
            #expect(receiver.bytesReady == Int(sequence + 1 - taken) * 10)
        }
        #expect(Self.takeAll(&receiver) == Array(taken..<3000))
    }

    @Test func `another peer begins anew`() {
        var receiver = StreamReceiver()
        _ = Self.receive(&receiver, 0)
        _ = Self.receive(&receiver, 5)
        receiver.restart()
        #expect(receiver.expected == 0 && receiver.bytesHeld == 0 && receiver.isEmpty)
        #expect(Self.receive(&receiver, 0) == .ready)
    }
}
