// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

@testable import LatchkeySessionProtocol

struct StreamSenderTests {
    private static func header(_ message: [UInt8]?) -> MessageHeader? {
        message.flatMap { message in try? message.withUnsafeBytes { try MessageHeader(of: $0) } }
    }

    /// A sender that has sent so many messages of ten bytes.
    private static func sender(
        _ acknowledgement: StreamSender.Acknowledgement,
        sent count: Int,
        limits: StreamSender.Limits = StreamSender.Limits()
    ) -> StreamSender {
        var sender = StreamSender(.output, limits: limits)
        sender.acknowledgement = acknowledgement
        for _ in 0..<count { send(&sender, now: 0) }
        return sender
    }

    private static func send(_ sender: inout StreamSender, now: Int64) {
        _ = sender.send(.output, [UInt8](repeating: 1, count: 10), stamp: MessageTests.stamp, now: now)
    }

    /// The numbers of all that is due.
    private static func due(_ sender: inout StreamSender, now: Int64) -> [Int64] {
        var sequences: [Int64] = []
        while let header = header(sender.due(now: now)) { sequences.append(header.sequence) }
        return sequences
    }

    @Test func `messages are numbered and flagged as the official ends do it`() {
        for type in [MessageType.input, .output] {
            var sender = StreamSender(type)
            for sequence in 0..<3 as Range<Int64> {
                let message = sender.send(.output, [1], stamp: MessageTests.stamp, now: 0)
                let header = Self.header(message)
                #expect(header?.type == type && header?.sequence == sequence)
                #expect(header?.flags == (type == .output && sequence == 0 ? 1 : 0))
            }
        }
    }

    @Test func `nothing empty is sent, or counted`() {
        var sender = StreamSender(.input)
        #expect(sender.send(.output, [], stamp: MessageTests.stamp, now: 0) == nil)
        #expect(sender.nextSequence == 0 && sender.isDrained && sender.deadline == nil)
    }

    @Test(arguments: [.individual, .cumulative, .once] as [StreamSender.Acknowledgement])
    func `an acknowledgement of what was never sent changes nothing`(acknowledgement: StreamSender.Acknowledgement) {
        var sender = Self.sender(acknowledgement, sent: 3)
        sender.acknowledged(0, now: 1)
        let room = sender.room
        for sequence in [-1, .min, 0, 3, 4, .max] as [Int64] { sender.acknowledged(sequence, now: 1) }
        #expect(sender.room == room && sender.nextSequence == 3 && !sender.isDrained)
        sender.reconnected()
        #expect(Self.due(&sender, now: 2) == [1, 2])
    }

    @Test(arguments: [.individual, .cumulative] as [StreamSender.Acknowledgement])
    func `what is under way is what a plain list says, in whatever order it is acknowledged`(
        acknowledgement: StreamSender.Acknowledgement
    ) {
        for seed in 0..<40 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var sender = Self.sender(acknowledgement, sent: 0)
            var model: [Int64] = []
            for _ in 0..<2000 {
                if model.count < 700, generator.chance(seed.isMultiple(of: 2) ? 55 : 70) {
                    model.append(sender.nextSequence)
                    Self.send(&sender, now: 0)
                } else if let sequence = model.randomElement(using: &generator) {
                    // The front less often than chance has it, so that much piles up behind it.
                    sender.acknowledged(sequence, now: 0)
                    if acknowledgement == .cumulative {
                        model.removeAll { $0 <= sequence }
                    } else {
                        model.removeAll { $0 == sequence }
                    }
                }
                #expect(sender.bytesUnderWay == model.count * (MessageHeader.size + 10))
                #expect(sender.isDrained == model.isEmpty)
            }
            sender.reconnected()
            #expect(Self.due(&sender, now: 0) == model, "seed \(seed)")
        }
    }

    @Test func `after a reconnection all is sent again that was not acknowledged, once, and nothing newer`() {
        var sender = Self.sender(.individual, sent: 6)
        sender.acknowledged(2, now: 1)
        sender.reconnected()
        #expect(Self.header(sender.due(now: 2))?.sequence == 0)
        #expect(Self.header(sender.due(now: 2))?.sequence == 1)
        // While it goes on: what is new, and what comes late.
        Self.send(&sender, now: 2)
        for sequence in [0, 1, 3] as [Int64] { sender.acknowledged(sequence, now: 3) }
        #expect(Self.due(&sender, now: 3) == [4, 5])
        sender.reconnected()
        #expect(Self.due(&sender, now: 4) == [4, 5, 6])
        // All that was to be sent again is acknowledged before its turn.
        sender.reconnected()
        Self.send(&sender, now: 5)
        for sequence in [4, 5, 6] as [Int64] { sender.acknowledged(sequence, now: 5) }
        #expect(Self.due(&sender, now: 5) == [])
        #expect(sender.nextSequence == 8 && !sender.isDrained)
    }

    @Test func `the front alone is sent again, each time after a longer wait, up to a bound`() {
        var sender = Self.sender(.individual, sent: 3)
        var times: [Int64] = []
        for now in 0..<20_000 as Range<Int64> where !Self.due(&sender, now: now).isEmpty { times.append(now) }
        #expect(times.prefix(6) == [200, 600, 1400, 3000, 6200, 9400])
        // A new connection, or a sign of life, and it begins anew.
        sender.acknowledged(0, now: 20_000)
        #expect(sender.deadline == 20_200)
    }

    @Test func `a front that moves on is not sent again, whenever it was sent`() {
        var sender = Self.sender(.cumulative, sent: 100)
        for sequence in 0..<99 as Range<Int64> {
            let now = 150 * (sequence + 1)
            #expect(Self.due(&sender, now: now) == [])
            sender.acknowledged(sequence, now: now)
        }
        // The wait has adapted to a second by now.
        #expect(Self.due(&sender, now: 150 * 99 + 999) == [])
        #expect(Self.due(&sender, now: 150 * 99 + 1000) == [99])
    }

    @Test func `room is never more than the limits leave`() {
        let limits = StreamSender.Limits(bytes: 2000, messages: 5)
        for acknowledgement in [StreamSender.Acknowledgement.individual, .cumulative, .once] {
            var sender = Self.sender(acknowledgement, sent: 0, limits: limits)
            while sender.room > 0 {
                _ = sender.send(
                    .output,
                    [UInt8](repeating: 1, count: min(400, sender.room)),
                    stamp: MessageTests.stamp,
                    now: 0
                )
                #expect(sender.bytesUnderWay <= limits.bytes && sender.nextSequence <= 5)
            }
            #expect(sender.nextSequence >= 4)
        }
    }

    // MARK: The official plugin

    @Test func `what the plugin passed over in silence it had before, but perhaps for the last`() {
        var sender = Self.sender(.once, sent: 20)
        // The acknowledgements of all of it were lost with the connection.
        sender.reconnected()
        #expect(Self.due(&sender, now: 10).count == 20)
        Self.send(&sender, now: 11)
        sender.acknowledged(20, now: 12)
        #expect(sender.bytesUnderWay == MessageHeader.size + 10)
        sender.reconnected()
        #expect(Self.due(&sender, now: 13) == [19])
        // It is ready, as it has taken some; so it says nothing only to what it had.
        for now in stride(from: 14, to: 1014, by: 1) as StrideTo<Int64> { _ = sender.due(now: now) }
        Self.send(&sender, now: 1014)
        sender.acknowledged(21, now: 1015)
        #expect(!sender.isDrained)
        for now in 1015..<4000 as Range<Int64> { _ = sender.due(now: now) }
        Self.send(&sender, now: 4000)
        sender.acknowledged(22, now: 4001)
        #expect(sender.isDrained)
    }

    @Test(
        arguments: [(ready: true, waitTime: 1000), (ready: false, waitTime: 10_000)] as [(ready: Bool, waitTime: Int64)]
    )
    func `where nothing more will be sent, the last that the plugin says nothing about has arrived`(
        ready: Bool,
        waitTime: Int64
    ) {
        var sender = Self.sender(.once, sent: 3)
        sender.isPeerReady = ready
        // Over the connection that it was sent over first, its acknowledgement is on its way still.
        for now in 0..<20_000 as Range<Int64> {
            _ = sender.due(now: now)
            #expect(!sender.hasArrived)
        }
        sender.acknowledged(0, now: 20_000)
        sender.reconnected()
        #expect(Self.due(&sender, now: 20_000) == [1, 2])
        var now: Int64 = 20_000
        while !sender.hasArrived, now < 60_000 {
            now += 1
            _ = sender.due(now: now)
        }
        // The wait between two copies is 16 times a round trip at the most.
        #expect((20_000 + waitTime...24_000 + waitTime).contains(now))
        // What is new is waited for; and what is acknowledged over this connection tells of what came before.
        Self.send(&sender, now: now)
        #expect(!sender.hasArrived)
        sender.acknowledged(3, now: now)
        for later in now...now + 24_000 where !sender.hasArrived { _ = sender.due(now: later) }
        #expect(sender.hasArrived)
        sender.restart()
        #expect(!sender.isPeerReady)
    }

    @Test func `a message that the plugin was not ready for is not taken for one it had`() {
        var sender = Self.sender(.once, sent: 2)
        // The second came early and waits at the plugin; more of them change nothing for ten seconds.
        sender.acknowledged(1, now: 5)
        for now in 5..<9000 as Range<Int64> {
            _ = sender.due(now: now)
            guard now.isMultiple(of: 100) else { continue }
            Self.send(&sender, now: now)
            sender.acknowledged(sender.nextSequence - 1, now: now)
            #expect(sender.bytesUnderWay == MessageHeader.size + 10)
        }
    }

    @Test func `an acknowledgement that may be for an earlier copy is no proof`() {
        var sender = Self.sender(.once, sent: 3)
        sender.reconnected()
        // It comes over the old way, before anything was sent again.
        sender.acknowledged(2, now: 1)
        #expect(Self.due(&sender, now: 2) == [0, 1])
        // New, but sent while older messages still waited to be sent again.
        sender.reconnected()
        Self.send(&sender, now: 3)
        sender.acknowledged(3, now: 4)
        #expect(Self.due(&sender, now: 5) == [0, 1])
    }

    @Test func `a full window that has arrived in silence is found out by one small message`() {
        let limits = StreamSender.Limits(bytes: 65_536, messages: 32)
        var sender = Self.sender(.once, sent: 0, limits: limits)
        while sender.room > 0 { Self.send(&sender, now: 0) }
        sender.reconnected()
        let count = Self.due(&sender, now: 1).count
        #expect(count == 30)
        for now in 1..<20_000 as Range<Int64> where sender.room == 0 { _ = sender.due(now: now) }
        #expect((1...64).contains(sender.room))
        Self.send(&sender, now: 20_000)
        #expect(sender.room == 0)
        sender.acknowledged(Int64(count), now: 20_001)
        #expect(sender.bytesUnderWay == MessageHeader.size + 10 && sender.room > 1000)
    }
}
