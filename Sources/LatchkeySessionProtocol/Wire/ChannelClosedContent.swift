// SPDX-License-Identifier: Apache-2.0

/// `channel_closed`: the session is over.
package struct ChannelClosedContent: Codable, Sendable {
    package var messageID: String
    /// Milliseconds since 1970, as text: the official agent's type for it.
    package var created: String
    package var destinationID: String
    package var sessionID: String
    package var messageType = MessageType.channelClosed.rawValue
    package var schemaVersion = 1
    /// Why; empty where the process simply ended.
    package var output: String

    private enum CodingKeys: String, CodingKey {
        case messageID = "MessageId"
        case created = "CreatedDate"
        case destinationID = "DestinationId"
        case sessionID = "SessionId"
        case messageType = "MessageType"
        case schemaVersion = "SchemaVersion"
        case output = "Output"
    }

    package init(stamp: MessageStamp, sessionID: String, output: String) {
        messageID = stamp.id.description
        created = String(stamp.created)
        destinationID = sessionID
        self.sessionID = sessionID
        self.output = output
    }
}
