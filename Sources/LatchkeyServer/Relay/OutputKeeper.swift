// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyRelay
internal import NIOCore

/// What an official agent has sent and its client has not acknowledged yet.
///
/// That agent sends again one message each tenth of a second, and forgets what is left two seconds after its process has ended;
/// so a client that comes back after a cut is given what is here at once.
struct OutputKeeper {
    /// When so many bytes are kept, nothing more is read from the agent.
    static let limit = 8 << 20

    private struct Message {
        let sequence: Int64
        let bytes: ByteBuffer
        /// Whether it was sent over the connection that stands.
        var isSent: Bool
        /// Whether it went out over a connection before that one, too.
        var isRepeated: Bool
    }

    private var messages: CircularBuffer<Message> = []
    private(set) var byteCount = 0
    /// One more than the last number that has come.
    private var next: Int64 = 0

    var isEmpty: Bool { messages.isEmpty }
    var isFull: Bool { byteCount >= OutputKeeper.limit }
    /// Whether all that is left has gone out over the connection that stands.
    var isSent: Bool { messages.allSatisfy(\.isSent) }

    enum Verdict: Equatable {
        /// To be passed on if a client is there.
        case pass
        /// The client has it: the agent is to hear that, since not every client says so twice.
        case acknowledged
    }

    /// Takes in a message of the agent's, as a whole.
    ///
    /// - Parameter isSent: whether it is passed on at once.
    mutating func take(_ message: ByteBuffer, sequence: Int64, isSent: Bool) -> Verdict {
        if sequence < next {
            guard let index = messages.firstIndex(where: { $0.sequence == sequence }) else { return .acknowledged }
            if isSent { messages[index].isSent = true }
            return .pass
        }
        next = sequence + 1
        messages.append(Message(sequence: sequence, bytes: message, isSent: isSent, isRepeated: false))
        byteCount += message.readableBytes
        return .pass
    }

    /// The client has a message, and with it those before it that were sent to it a second time: over one connection they come in
    /// their order, and official clients do not acknowledge twice.
    mutating func acknowledged(_ sequence: Int64) {
        messages.removeAll { message in
            let isDone =
                message.sequence == sequence || (message.sequence < sequence && message.isRepeated && message.isSent)
            if isDone { byteCount -= message.bytes.readableBytes }
            return isDone
        }
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
        return messages.map(\.bytes)
    }
}
