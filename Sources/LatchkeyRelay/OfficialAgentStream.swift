// SPDX-License-Identifier: Apache-2.0

internal import LatchkeySessionProtocol
internal import NIOCore

/// The streams of an official agent, as far as the relay has to know them: what it has sent and its client has not acknowledged
/// yet, and how the two of them count.
///
/// That agent sends again one message each tenth of a second, and forgets what is left two seconds after its process has ended;
/// so a client that comes back after a cut is given what is here at once. What it reads just when it is told to pause, it sends
/// after what follows. It also knows of one client only, ever: for another
/// one, which counts from 0, each number is changed on its way. A digest covers a message's payload alone, so that nothing else
/// changes.
struct OfficialAgentStream {
    /// When so many bytes are kept, nothing more is read from the agent.
    static let limit = 8 << 20
    /// So many bytes of the last output are shown to another client.
    static let tailLimit = 16 * 1024
    /// Where in a message its number stands.
    private static let sequenceOffset = 48

    private struct Message {
        /// The agent's number.
        let sequence: Int64
        let bytes: ByteBuffer
        /// Whether it was sent over the connection that stands.
        var isSent: Bool
        /// Whether it went out over a connection before that one, too.
        var isRepeated: Bool
    }

    /// How many numbers are remembered of what the client has, and how far ahead of the others one may be.
    private static let (doneLimit, lead): (Int, Int64) = (4096, 16_384)

    /// By number.
    private var messages: [Message] = []
    private(set) var byteCount = 0
    /// The first number of which the client does not have the message, as far as that is known; nil before anything has come of an
    /// agent that another relay had.
    private var front: Int64?
    private let isAdopted: Bool
    /// One more than the greatest number that has come.
    private var next: Int64 = 0
    /// The last numbers whose messages the client has.
    private var done: Set<Int64> = []
    private var doneOrder: CircularBuffer<Int64> = []
    /// One more than the last number of input that has gone to the agent.
    private var nextInput: Int64 = 0
    private var tail = ByteBuffer()
    /// Whether the agent has asked the client for something at the beginning, which another one could not answer.
    private var hasHandshake = false
    private var numbering = Numbering()

    /// From the agent's numbers to those of the client that is there.
    private struct Numbering {
        /// Of messages before `base`, one by one.
        var known: [Int64: Int64] = [:]
        var base: Int64 = 0
        /// Of the others: the client's number is the agent's less this.
        var output: Int64 = 0
        /// Of input: the agent's number is the client's and this.
        var input: Int64 = 0
        var isPlain = true

        func client(_ sequence: Int64) -> Int64? { sequence >= base ? sequence - output : known[sequence] }

        func agent(_ sequence: Int64) -> Int64? {
            if sequence + output >= base { return sequence + output }
            return known.first { $0.value == sequence }?.key
        }
    }

    var isEmpty: Bool { messages.isEmpty }
    var isFull: Bool { byteCount >= OfficialAgentStream.limit }
    /// Whether all that is left has gone out over the connection that stands.
    var isSent: Bool { messages.allSatisfy(\.isSent) }
    /// Whether the client's numbers are the agent's.
    var isPlain: Bool { numbering.isPlain }
    /// Whether another client can go on with what the first one has begun.
    var canBeHandedOver: Bool { !hasHandshake && !isAdopted }

    /// - Parameter isAdopted: whether another relay had the session, so that what has happened before is unknown.
    init(isAdopted: Bool) {
        self.isAdopted = isAdopted
        front = isAdopted ? nil : 0
    }

    enum Disposition {
        /// To be passed on, as it is here, if a client is there.
        case pass(ByteBuffer)
        /// The client has it: the agent is to hear that, since not every client says so twice.
        case acknowledged
        /// It is so far ahead that no agent means it.
        case drop
    }

    // MARK: Output

    /// Takes in a message of the agent's, as a whole.
    ///
    /// - Parameter isSent: whether it is passed on at once.
    mutating func take(_ message: ByteBuffer, _ header: MessageHeader, isSent: Bool) -> Disposition {
        let sequence = header.sequence
        if done.contains(sequence) { return .acknowledged }
        if let front {
            if sequence < front, !isAdopted { return .acknowledged }
            guard abs(sequence - next) <= OfficialAgentStream.lead else { return .drop }
        }
        if let index = messages.firstIndex(where: { $0.sequence == sequence }) {
            if isSent { messages[index].isSent = true }
            return .pass(forClient(message, sequence))
        }
        front = min(front ?? sequence, sequence)
        next = max(next, sequence + 1)
        let index = messages.lastIndex { $0.sequence < sequence }.map { $0 + 1 } ?? 0
        messages.insert(Message(sequence: sequence, bytes: message, isSent: isSent, isRepeated: false), at: index)
        byteCount += message.readableBytes
        switch PayloadType(rawValue: header.payloadType) {
        case .output: keepTail(message)
        case .handshakeRequest: hasHandshake = true
        default: break
        }
        return .pass(forClient(message, sequence))
    }

    private mutating func keepTail(_ message: ByteBuffer) {
        var payload = message
        payload.moveReaderIndex(forwardBy: min(MessageHeader.size, payload.readableBytes))
        tail.writeBuffer(&payload)
        if tail.readableBytes > 2 * OfficialAgentStream.tailLimit {
            tail.moveReaderIndex(forwardBy: tail.readableBytes - OfficialAgentStream.tailLimit)
            tail.discardReadBytes()
        }
    }

    private func forClient(_ message: ByteBuffer, _ sequence: Int64) -> ByteBuffer {
        guard !numbering.isPlain, let number = numbering.client(sequence) else { return message }
        return OfficialAgentStream.numbered(message, number)
    }

    private static func numbered(_ message: ByteBuffer, _ sequence: Int64) -> ByteBuffer {
        var message = message
        message.setInteger(sequence, at: message.readerIndex + sequenceOffset)
        return message
    }

    /// The client has a message, and with it those before it that were sent to it a second time: over one connection they come in
    /// their order, and official clients do not acknowledge twice.
    ///
    /// - Parameter sequence: the client's number.
    /// - Returns: the agent's; nil where it is the relay's own.
    mutating func acknowledged(_ sequence: Int64) -> Int64? {
        guard let sequence = numbering.agent(sequence) else { return nil }
        // As it is nearly always: the first that was not acknowledged yet.
        if let first = messages.first, first.sequence == sequence {
            byteCount -= first.bytes.readableBytes
            note(sequence)
            messages.removeFirst()
            advance()
            return sequence
        }
        var left: [Message] = []
        for message in messages {
            let isTold = message.sequence < sequence && message.isRepeated && message.isSent
            if message.sequence == sequence || isTold {
                byteCount -= message.bytes.readableBytes
                note(message.sequence)
            } else {
                left.append(message)
            }
        }
        messages = left
        advance()
        return sequence
    }

    private mutating func advance() {
        while let first = front, done.contains(first) { front = first + 1 }
    }

    private mutating func note(_ sequence: Int64) {
        guard done.insert(sequence).inserted else { return }
        doneOrder.append(sequence)
        if doneOrder.count > OfficialAgentStream.doneLimit { done.remove(doneOrder.removeFirst()) }
    }

    /// The connection of the client is gone; what was under way may be lost.
    mutating func clientLeft() {
        for index in messages.indices where messages[index].isSent {
            messages[index].isSent = false
            messages[index].isRepeated = true
        }
    }

    /// All that is left, in its order, for a client that has come back.
    mutating func repeatAll() -> [ByteBuffer] {
        for index in messages.indices {
            messages[index].isSent = true
            // Some of it may have arrived over a connection that this one took the place of.
            messages[index].isRepeated = true
        }
        return messages.map { forClient($0.bytes, $0.sequence) }
    }

    // MARK: Input

    /// A message of the client's goes to the agent.
    ///
    /// - Returns: its number there.
    mutating func passesInput(_ sequence: Int64) -> Int64 {
        let number = sequence + numbering.input
        nextInput = max(nextInput, number + 1)
        return number
    }

    /// A message of the client's, with the agent's number.
    mutating func forAgent(_ message: ByteBuffer, _ sequence: Int64) -> ByteBuffer {
        OfficialAgentStream.numbered(message, passesInput(sequence))
    }

    /// - Parameter sequence: the agent's number of input.
    /// - Returns: the client's; nil if it is of one before.
    func clientInput(_ sequence: Int64) -> Int64? {
        sequence >= numbering.input ? sequence - numbering.input : nil
    }

    // MARK: Another client

    /// Begins to count for another client.
    ///
    /// - Returns: what it is shown first, as many payloads as messages have to be made of them, with the numbers from 0 on.
    mutating func handOver() -> [[UInt8]] {
        var shown = tail
        if shown.readableBytes > OfficialAgentStream.tailLimit {
            shown.moveReaderIndex(forwardBy: shown.readableBytes - OfficialAgentStream.tailLimit)
        }
        // What is sent again comes by itself.
        let waiting = messages.reduce(0) { $0 + $1.bytes.readableBytes - MessageHeader.size }
        let count = max(0, shown.readableBytes - waiting)
        // A client believes that a shell is there once it says something.
        let payload = shown.readBytes(length: count) ?? []
        let payloads = [payload.isEmpty && messages.isEmpty ? Array("\r\n".utf8) : payload].filter { !$0.isEmpty }
        numbering = Numbering()
        numbering.isPlain = false
        numbering.base = next
        // One that has not come yet has its place, too.
        var number = Int64(payloads.count)
        for sequence in (front ?? next)..<next where !done.contains(sequence) {
            numbering.known[sequence] = number
            number += 1
        }
        numbering.output = next - number
        numbering.input = nextInput
        for index in messages.indices {
            messages[index].isSent = false
            messages[index].isRepeated = false
        }
        return payloads
    }
}
