// SPDX-License-Identifier: Apache-2.0

internal import LatchkeySessionProtocol
internal import NIOCore

/// What an official plugin is spared at the beginning of a port's session.
///
/// Once it knows that the handshake is complete, that plugin replaces what reads its connection by something that looks at a
/// multiplexer which it has not made yet. Whatever comes before it has, ends that reader without a word, and the session
/// stands still for ever. An agent has two things to say at that moment: that it has the plugin's answer, and that all is
/// complete, in any order, and each again if it was not acknowledged soon. So the plugin is told each once over a
/// connection, in that order, until it sends what only a plugin that is ready sends.
struct PluginHandshake {
    /// When more than that is held, it is given up: no agent says so much before its client is ready.
    private static let limit = 64 * 1024
    /// When it was held for so long, likewise: official agents before 3.2.1041.0 acknowledge once, and that may be lost with a cut.
    private static let timeLimit: TimeAmount = .seconds(3)

    /// The numbers of the client's answers, and of those of them of which it was told that the agent has them.
    private var (answers, acknowledged): (Set<Int64>, Set<Int64>) = ([], [])
    private var hasComplete = false
    /// What waits for the acknowledgement of the answers: that the handshake is complete, and all that came after it.
    private var held: [ByteBuffer] = []
    private var heldSince: NIODeadline?
    /// Whether the client is ready, so that nothing has to be looked at any more.
    private(set) var isOver = false

    /// A message of the client's goes to the agent.
    ///
    /// - Returns: what was held, if the client is ready now.
    mutating func passes(_ header: MessageHeader) -> [ByteBuffer] {
        guard !isOver, header.type == .input else { return [] }
        switch PayloadType(rawValue: header.payloadType) {
        // No plugin sends more than two.
        case .handshakeResponse, .challengeResponse: if answers.count < 16 { answers.insert(header.sequence) }
        default:
            isOver = true
            return release()
        }
        return []
    }

    /// Takes in a message of the agent's, as a whole.
    ///
    /// - Returns: what is to be sent to the client now, in this order.
    mutating func take(_ message: ByteBuffer) -> [ByteBuffer] {
        let header = message.withUnsafeReadableBytes { try? MessageHeader(of: $0, checksDigest: false) }
        guard !isOver, let header else { return [message] }
        if header.type == .acknowledge {
            let content = message.withUnsafeReadableBytes { bytes in
                AcknowledgeContent(payload: UnsafeRawBufferPointer(rebasing: bytes[MessageHeader.size...]))
            }
            guard let content, content.type == MessageType.input.rawValue, answers.contains(content.sequence) else {
                return [message]
            }
            guard acknowledged.insert(content.sequence).inserted else { return [] }
            return [message] + (acknowledged == answers ? release() : [])
        }
        if header.type == .output, header.payloadType == PayloadType.handshakeComplete.rawValue {
            if hasComplete { return [] }
            hasComplete = true
            if acknowledged == answers { return [message] }
            held.append(message)
            heldSince = .now()
            return []
        }
        guard header.type == .output, !held.isEmpty else { return [message] }
        held.append(message)
        return held.reduce(0, { $0 + $1.readableBytes }) > PluginHandshake.limit ? release() : []
    }

    private mutating func release() -> [ByteBuffer] {
        defer { (held, heldSince) = ([], nil) }
        return held
    }

    /// What was held for too long.
    mutating func releaseLate(_ now: NIODeadline) -> [ByteBuffer] {
        guard let heldSince, now - heldSince >= PluginHandshake.timeLimit else { return [] }
        return release()
    }

    /// The client has another connection: what it was told over the one before may be lost, and comes again by itself. An answer of
    /// which it has heard nothing, it sends again, and the agent acknowledges it again; the rest is told by time.
    mutating func clientReturned() {
        acknowledged = []
        hasComplete = false
        _ = release()
    }
}
