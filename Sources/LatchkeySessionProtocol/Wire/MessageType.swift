// SPDX-License-Identifier: Apache-2.0

/// What a message on a channel is about: 32 bytes of ASCII on the wire, padded with spaces.
package enum MessageType: String, CaseIterable, Sendable {
    case input = "input_stream_data"
    case output = "output_stream_data"
    case acknowledge
    case sessionState = "agent_session_state"
    case pausePublication = "pause_publication"
    case startPublication = "start_publication"
    case channelClosed = "channel_closed"
    /// The task that starts a session, whatever its kind.
    case startSession = "interactive_shell"
    case taskComplete = "agent_task_complete"
    case taskAcknowledge = "agent_task_acknowledge"
    /// A command that is to be run, or ended.
    case job = "agent_job"
    case jobAcknowledge = "agent_job_ack"
    case jobReply = "agent_job_reply"
    case jobReplyAcknowledge = "agent_job_reply_ack"
    /// Latchkey's own, relay to agent and back: from here on another client is at the other end, counting from 0.
    case clientAttached = "latchkey_client_attached"

    /// The longest name that fits.
    static let width = 32

    /// What stands in the field, NULs and spaces around it left out; nil if this version does not know it.
    init?(field: UnsafeRawBufferPointer) {
        func isPadding(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0 }
        var start = 0
        var end = field.count
        while start < end, isPadding(field[start]) { start += 1 }
        while end > start, isPadding(field[end - 1]) { end -= 1 }
        let name = UnsafeRawBufferPointer(rebasing: field[start..<end])
        // By length first, since this is asked for every frame.
        for type in MessageType.allCases where type.rawValue.utf8.count == name.count {
            if type.rawValue.utf8.elementsEqual(name) {
                self = type
                return
            }
        }
        return nil
    }
}

/// What the payload of a stream message is.
package enum PayloadType: UInt32, CaseIterable, Sendable {
    /// 0 in every message that is not stream data.
    case none = 0
    /// Output, and input in the other direction.
    case output = 1
    case error = 2
    case size = 3
    case parameter = 4
    case handshakeRequest = 5
    case handshakeResponse = 6
    case handshakeComplete = 7
    case challengeRequest = 8
    case challengeResponse = 9
    case flag = 10
    case standardError = 11
    case exitCode = 12
    /// Latchkey's own, sent only to a peer that said in the handshake that it knows it: no more input comes.
    case inputEnd = 0x4C4B_0001
    /// Latchkey's own, likewise: a signal for the process, its name without `SIG`.
    case signal = 0x4C4B_0002
}

/// The number in a payload of the type ``PayloadType/flag``, four bytes in network order.
package enum Flag: UInt32, Sendable {
    /// The client's local connection has gone (ports, one at a time).
    case disconnectToPort = 1
    case terminateSession = 2
    /// The agent could not reach the port.
    case connectToPortError = 3

    /// 32 bits in network order.
    package var payload: [UInt8] { withUnsafeBytes(of: rawValue.bigEndian, Array.init) }
}
