// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// The payload of an `acknowledge` message.
package struct AcknowledgeContent: Codable, Equatable, Sendable {
    package let type: String
    package let id: String
    package let sequence: Int64
    package let isSequential: Bool

    private enum CodingKeys: String, CodingKey {
        case type = "AcknowledgedMessageType"
        case id = "AcknowledgedMessageId"
        case sequence = "AcknowledgedMessageSequenceNumber"
        case isSequential = "IsSequentialMessage"
    }

    /// - Returns: nil if it is not what an acknowledgement looks like.
    package init?(payload: UnsafeRawBufferPointer) {
        guard payload.count <= 1024, let content = try? JSONDecoder().decode(Self.self, from: Data(payload)),
            MessageHeader.sequences.contains(content.sequence)
        else { return nil }
        self = content
    }

    private init(_ type: String, _ id: String, _ sequence: Int64, _ isSequential: Bool) {
        (self.type, self.id, self.sequence, self.isSequential) = (type, id, sequence, isSequential)
    }

    /// The same of a message that has another number.
    package func renumbered(_ sequence: Int64, stamp: MessageStamp) -> [UInt8] {
        MessageHeader(type: .acknowledge, stamp: stamp, flags: MessageHeader.synAndFin)
            .message(Payload.encode(AcknowledgeContent(type, id, sequence, isSequential)))
    }

    /// A message that acknowledges another. Written out, since there is one for each frame.
    package static func message(
        of type: MessageType,
        id: MessageID,
        sequence: Int64,
        stamp: MessageStamp
    ) -> [UInt8] {
        let json =
            "{\"AcknowledgedMessageType\":\"\(type.rawValue)\",\"AcknowledgedMessageId\":\"\(id)\","
            + "\"AcknowledgedMessageSequenceNumber\":\(sequence),\"IsSequentialMessage\":true}"
        return MessageHeader(type: .acknowledge, stamp: stamp, flags: MessageHeader.synAndFin).message(Array(json.utf8))
    }
}
