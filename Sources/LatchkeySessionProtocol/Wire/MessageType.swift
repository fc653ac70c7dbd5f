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
