// SPDX-License-Identifier: Apache-2.0

@testable import LatchkeySessionProtocol

/// The receiving end of a simulated session.
protocol SimulatedPeer {
    /// What was taken out, in order.
    var taken: [UInt8] { get }
    /// Whether something waits to be taken out.
    var hasSomething: Bool { get }
    /// Whether messages are read while earlier ones wait to be taken out; otherwise they are taken as they are read.
    var readsWhileAtWork: Bool { get }
    /// Whether the sender gets to know in the end that all has arrived.
    var repeatsAcknowledgements: Bool { get }
    /// Takes in a message; returns the numbers to acknowledge.
    mutating func receive(_ message: [UInt8], now: Int64) -> [Int64]
    /// Takes out what is next; returns the numbers to acknowledge.
    mutating func take() -> [Int64]
    /// A bound that it went beyond, if it did.
    var excess: String? { get }
}

/// Latchkey's own, with the acknowledgements of `DataChannel`.
struct LatchkeyPeer: SimulatedPeer {
    let isCumulative: Bool
    let limit: Int
    private var receiver: StreamReceiver
    private var lastTaken: Int64 = -1
    private var largest = 0
    private(set) var taken: [UInt8] = []
    private(set) var excess: String?

    init(isCumulative: Bool, limit: Int) {
        self.isCumulative = isCumulative
        self.limit = limit
        receiver = StreamReceiver(limit: limit)
    }

    let readsWhileAtWork = true
    let repeatsAcknowledgements = true

    var hasSomething: Bool { !receiver.isEmpty }

    mutating func receive(_ message: [UInt8], now: Int64) -> [Int64] {
        largest = max(largest, message.count)
        let read = message.withUnsafeBytes { bytes -> (MessageHeader, StreamReceiver.Verdict)? in
            guard let header = try? MessageHeader(of: bytes) else { return nil }
            return (
                header, receiver.receive(header, UnsafeRawBufferPointer(rebasing: bytes[MessageHeader.size...]))
            )
        }
        guard let (header, verdict) = read else {
            excess = "a message is damaged"
            return []
        }
        if receiver.bytesHeld > limit + largest { excess = "\(receiver.bytesHeld) bytes are held" }
        guard verdict == .duplicate else { return [] }
        if isCumulative { return lastTaken >= 0 ? [lastTaken] : [] }
        return header.sequence <= lastTaken ? [header.sequence] : []
    }

    mutating func take() -> [Int64] {
        guard let delivery = receiver.next else { return [] }
        receiver.removeFirst()
        taken += delivery.payload
        lastTaken = delivery.sequence
        return !isCumulative || receiver.isEmpty ? [delivery.sequence] : []
    }
}

/// An official end: it acknowledges what comes early at once, waits until it is ready, and drops what it cannot use.
struct OfficialPeer: SimulatedPeer {
    /// The agent acknowledges what comes again, the plugin does not.
    let isAgent: Bool
    /// Until then it drops the message whose turn it is.
    let readyAt: Int64
    private var expected: Int64 = 0
    private var early: [Int64: [UInt8]] = [:]
    private(set) var taken: [UInt8] = []
    let excess: String? = nil

    init(isAgent: Bool, readyAt: Int64) {
        self.isAgent = isAgent
        self.readyAt = readyAt
    }

    let hasSomething = false
    let readsWhileAtWork = false
    var repeatsAcknowledgements: Bool { isAgent }

    mutating func receive(_ message: [UInt8], now: Int64) -> [Int64] {
        guard let header = try? message.withUnsafeBytes({ try MessageHeader(of: $0) }) else { return [] }
        let payload = Array(message[MessageHeader.size...])
        guard header.sequence == expected else {
            guard header.sequence > expected else { return isAgent ? [header.sequence] : [] }
            guard early.count < 10_000 else { return [] }
            early[header.sequence] = payload
            return [header.sequence]
        }
        guard now >= readyAt else { return [] }
        taken += payload
        expected += 1
        while let next = early.removeValue(forKey: expected) {
            taken += next
            expected += 1
        }
        return [header.sequence]
    }

    mutating func take() -> [Int64] { [] }
}
