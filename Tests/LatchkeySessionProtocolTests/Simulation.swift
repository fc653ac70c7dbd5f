// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport

@testable import LatchkeySessionProtocol

/// A transfer from a `StreamSender` to a peer, over a bad channel and in virtual time. All that is left to chance comes
/// from a seed.
struct Simulation<Peer: SimulatedPeer> {
    struct Conditions {
        /// Of a hundred messages, or acknowledgements, within a connection.
        var losses = 0
        var doubles = 0
        /// Whether one can overtake another within a connection.
        var overtakes = false
        /// Milliseconds on the way.
        var delay: ClosedRange<Int64> = 1...20
        /// How many cuts there are at times by chance, and within how many milliseconds.
        var cuts = 0
        var cutsWithin: Int64 = 5000
        /// After so many messages and acknowledgements that were put on their way there is a cut.
        var cutAfter: Int?
        /// Milliseconds until there is a connection again.
        var gap: ClosedRange<Int64> = 0...2000
        /// Whether in half of the cuts it is the peer that has another connection: the sender is told later, and what it
        /// sends meanwhile arrives.
        var cutsPeer = false
        /// Milliseconds that the peer needs for a message.
        var work: ClosedRange<Int64> = 0...0
        /// For so long it does nothing, once.
        var standstill: Int64 = 0
        var limits = StreamSender.Limits(bytes: 16_384, messages: 24)
        /// Bytes, a multiple of eight.
        var total = 50_000
    }

    private enum Event {
        case message([UInt8], connection: Int)
        case acknowledgement(Int64, connection: Int)
        case cut
        case connected
        case told
        case start
        case take
    }

    private var generator: SeededGenerator
    private let conditions: Conditions
    private let content: [UInt8]
    private(set) var sender: StreamSender
    private(set) var peer: Peer
    private var agenda = Agenda<Event>()
    private(set) var now: Int64 = 0
    private var produced = 0
    /// The one that messages and acknowledgements arrive over; those of an earlier one are lost.
    private var connection = 0
    private var isConnected = true
    private var lastArrival: (message: Int64, acknowledgement: Int64) = (0, 0)
    /// What arrived while the peer was at work.
    private var unread: [[UInt8]] = []
    private var isTaking = false
    private var workUntil: Int64 = 0
    private var standsStillAt: Int?
    private(set) var transmissions = 0
    /// What went wrong.
    private(set) var fault: String?

    init(seed: UInt64, _ conditions: Conditions, _ sender: StreamSender, _ peer: Peer) {
        generator = SeededGenerator(seed: seed)
        self.conditions = conditions
        self.sender = sender
        self.peer = peer
        var bytes = SeededGenerator(seed: ~seed)
        content = [UInt8](unsafeUninitializedCapacity: conditions.total) { buffer, count in
            while count + 8 <= buffer.count {
                let target = UnsafeMutableRawBufferPointer(buffer)
                target.storeBytes(of: bytes.next(), toByteOffset: count, as: UInt64.self)
                count += 8
            }
        }
        for _ in 0..<conditions.cuts {
            agenda.plan(.cut, at: Int64.random(in: 0...conditions.cutsWithin, using: &generator))
        }
        if conditions.standstill > 0 { standsStillAt = Int.random(in: 0...conditions.total, using: &generator) }
        agenda.plan(.start, at: 0)
    }

    private var isOver: Bool { peer.taken.count == content.count && sender.hasArrived }

    /// Whether the sender takes all for arrived, and so sends nothing more and does nothing about another cut.
    private var isLeft: Bool { produced == content.count && sender.hasArrived }

    /// Goes on until the peer has everything and the sender knows.
    ///
    /// - Returns: what went wrong; nil if all is as it should be.
    mutating func run(until limit: Int64) -> String? {
        while !isOver, fault == nil {
            var time = agenda.nextTime ?? .max
            if isConnected, !isLeft, let deadline = sender.deadline { time = min(time, max(deadline, now)) }
            guard time < limit else {
                return "not over after \(time) ms: \(peer.taken.count) of \(content.count) bytes arrived, "
                    + "\(sender.bytesUnderWay) are under way"
            }
            now = time
            while agenda.nextTime == now, let (_, event) = agenda.next() { happen(event) }
            while isConnected, !isLeft, let message = sender.due(now: now) { put(message) }
            produce()
            if sender.bytesUnderWay > conditions.limits.bytes { fault = "\(sender.bytesUnderWay) bytes are under way" }
            fault = fault ?? peer.excess
        }
        if let fault { return fault }
        return peer.taken == content ? nil : "other bytes arrived"
    }

    private mutating func happen(_ event: Event) {
        switch event {
        case .message(let bytes, let connection):
            guard connection == self.connection else { return }
            if peer.readsWhileAtWork {
                acknowledge(peer.receive(bytes, now: now))
            } else {
                unread.append(bytes)
            }
            work()
        case .acknowledgement(let sequence, let connection):
            guard connection == self.connection else { return }
            sender.acknowledged(sequence, now: now)
        case .cut: cut()
        case .connected:
            isConnected = true
            sender.reconnected()
        case .told: sender.reconnected()
        case .start: break
        case .take:
            isTaking = false
            workUntil = now + Int64.random(in: conditions.work, using: &generator)
            acknowledge(unread.isEmpty ? peer.take() : peer.receive(unread.removeFirst(), now: now))
            work()
        }
    }

    private mutating func produce() {
        while produced < content.count, sender.room > 0, sender.nextSequence < 1_000_000 {
            let size = Int.random(in: 1...1500, using: &generator)
            let chunk = content[produced..<min(content.count, produced + min(size, sender.room))]
            let id = MessageID(high: generator.next(), low: generator.next())
            let stamp = MessageStamp(id: id, created: UInt64(now) + 1)
            guard let message = sender.send(.output, chunk, stamp: stamp, now: now) else { return }
            produced += chunk.count
            if isConnected { put(message) }
        }
    }

    /// Puts a message on its way.
    private mutating func put(_ message: [UInt8]) {
        countTransmission()
        for _ in 0..<copies() {
            lastArrival.message = arrival(after: lastArrival.message)
            agenda.plan(.message(message, connection: connection), at: lastArrival.message)
        }
    }

    private mutating func acknowledge(_ sequences: [Int64]) {
        for sequence in sequences {
            countTransmission()
            for _ in 0..<copies() {
                lastArrival.acknowledgement = arrival(after: lastArrival.acknowledgement)
                agenda.plan(
                    .acknowledgement(sequence, connection: connection),
                    at: lastArrival.acknowledgement
                )
            }
        }
    }

    private mutating func copies() -> Int {
        // Without a connection there is nothing to send over.
        guard isConnected, !generator.chance(conditions.losses) else { return 0 }
        return generator.chance(conditions.doubles) ? 2 : 1
    }

    private mutating func arrival(after last: Int64) -> Int64 {
        let time = now + Int64.random(in: conditions.delay, using: &generator)
        return conditions.overtakes ? time : max(time, last)
    }

    private mutating func countTransmission() {
        transmissions += 1
        if transmissions == conditions.cutAfter { agenda.plan(.cut, at: now) }
    }

    /// Everything that is on its way is lost.
    private mutating func cut() {
        guard isConnected, !isLeft else { return }
        connection += 1
        // What had arrived may be read still, and the acknowledgements of that lead nowhere.
        if generator.chance(50) { for message in unread { _ = peer.receive(message, now: now) } }
        unread = []
        let gap = Int64.random(in: conditions.gap, using: &generator)
        if conditions.cutsPeer, generator.chance(50) {
            // The relay's word is on its way to the sender before any acknowledgement over the new connection.
            lastArrival.acknowledgement = max(now + min(gap, 100), lastArrival.acknowledgement)
            agenda.plan(.told, at: lastArrival.acknowledgement)
        } else {
            isConnected = false
            agenda.plan(.connected, at: now + gap)
        }
    }

    private mutating func work() {
        if let place = standsStillAt, peer.taken.count >= place {
            standsStillAt = nil
            workUntil = now + conditions.standstill
        }
        guard !isTaking, peer.hasSomething || !unread.isEmpty else { return }
        isTaking = true
        agenda.plan(.take, at: max(now, workUntil))
    }
}
