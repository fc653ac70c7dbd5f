// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto

/// The 120 bytes in front of a message's payload, all integers in network order:
///
///     offset  bytes
///          0      4  header length, always 116: where the payload's length stands
///          4     32  message type
///         36      4  schema version, 1
///         40      8  created, milliseconds since 1970
///         48      8  sequence number of stream data, from 0 in each direction; 0 in all else
///         56      8  flags: bit 0 SYN, bit 1 FIN; never read
///         64     16  message id, a UUID whose halves are swapped
///         80     32  SHA-256 of the payload; or a ``Checksum`` and 16 zeros, if both ends have agreed to that
///        112      4  payload type
///        116      4  payload length
package struct MessageHeader: Equatable, Sendable {
    /// Bytes in front of the payload.
    package static let size = 120
    static let lengthField: UInt32 = 116

    /// The numbers that messages may have: sums of them are numbers, too.
    package static let sequences: Range<Int64> = 0..<1 << 61

    /// The flags of acknowledgements and states.
    package static let synAndFin: UInt64 = 3

    package var type: MessageType
    /// Milliseconds since 1970.
    package var created: UInt64
    package var sequence: Int64
    package var flags: UInt64
    package var id: MessageID
    /// As it stands there: an unknown one is no reason to drop what can be acknowledged.
    package var payloadType: UInt32

    package init(
        type: MessageType,
        stamp: MessageStamp,
        sequence: Int64 = 0,
        flags: UInt64 = 0,
        payloadType: PayloadType = .none
    ) {
        self.type = type
        created = stamp.created
        id = stamp.id
        self.sequence = sequence
        self.flags = flags
        self.payloadType = payloadType.rawValue
    }

    /// Why a message is not understood. The process goes on without it.
    package enum Fault: Error, Equatable, Sendable {
        /// Fewer bytes than a header has.
        case short
        /// The header says that it is longer, or shorter, than there is.
        case headerLength(UInt32)
        case unknownType
        /// No date: both official ends refuse it.
        case undated
        /// Negative, or more than any end comes to.
        case sequence(Int64)
        /// Another number of bytes follows than the header says.
        case payloadLength(UInt32)
        case digest
    }

    /// Reads a header, and makes sure that what follows is what it says.
    ///
    /// - Parameter message: header and payload, whole.
    /// - Throws: why it is none. Nothing beyond `message` is ever read, whatever its lengths say.
    package init(of message: UnsafeRawBufferPointer, checksDigest: Bool = true) throws(Fault) {
        try self.init(prefix: message, messageSize: message.count)
        guard checksDigest else { return }
        let isRight = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
            let kind = message[96..<112].allSatisfy { $0 == 0 } ? PayloadDigest.checksum : .sha256
            return kind.write(UnsafeRawBufferPointer(rebasing: message[MessageHeader.size...]), into: digest)
                && digest.elementsEqual(message[80..<112])
        }
        guard isRight else { throw .digest }
    }

    /// Reads a header whose payload is still on its way.
    ///
    /// - Parameters:
    ///   - prefix: at least the first 120 bytes.
    ///   - messageSize: how many bytes the whole has; nil where that is not known yet.
    package init(prefix: UnsafeRawBufferPointer, messageSize: Int?) throws(Fault) {
        guard prefix.count >= MessageHeader.size else { throw .short }
        let length = prefix.integer(at: 0) as UInt32
        guard length == MessageHeader.lengthField else { throw .headerLength(length) }
        guard let type = MessageType(field: UnsafeRawBufferPointer(rebasing: prefix[4..<36])) else {
            throw .unknownType
        }
        let payloadLength = prefix.integer(at: 116) as UInt32
        if let messageSize, messageSize - MessageHeader.size != Int(payloadLength) {
            throw .payloadLength(payloadLength)
        }
        self.type = type
        created = prefix.integer(at: 40)
        sequence = prefix.integer(at: 48)
        flags = prefix.integer(at: 56)
        id = MessageID(high: prefix.integer(at: 72), low: prefix.integer(at: 64))
        payloadType = prefix.integer(at: 112)
        guard MessageHeader.sequences.contains(sequence) else { throw .sequence(sequence) }
        guard created != 0 || type == .startPublication || type == .pausePublication else { throw .undated }
    }

    /// Writes the header in front of a payload that stands in `message` already, behind the first 120 bytes.
    ///
    /// - Parameter digest: of a kind that the other end knows.
    package func write(into message: UnsafeMutableRawBufferPointer, digest: PayloadDigest = .sha256) {
        precondition(message.count >= MessageHeader.size, "there is no room for a header")
        message.set(MessageHeader.lengthField, at: 0)
        let name = type.rawValue.utf8
        UnsafeMutableRawBufferPointer(rebasing: message[4..<36])
            .copyBytes(
                from: Array(name) + [UInt8](repeating: 0x20, count: MessageType.width - name.count)
            )
        message.set(UInt32(1), at: 36)
        message.set(created, at: 40)
        message.set(sequence, at: 48)
        message.set(flags, at: 56)
        message.set(id.low, at: 64)
        message.set(id.high, at: 72)
        _ = digest.write(
            UnsafeRawBufferPointer(rebasing: message[MessageHeader.size...]),
            into: UnsafeMutableRawBufferPointer(rebasing: message[80..<112])
        )
        message.set(payloadType, at: 112)
        message.set(UInt32(message.count - MessageHeader.size), at: 116)
    }

    /// The whole message.
    package func message(_ payload: some Collection<UInt8>) -> [UInt8] {
        let count = MessageHeader.size + payload.count
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
            UnsafeMutableRawBufferPointer(rebasing: bytes[MessageHeader.size...]).copyBytes(from: payload)
            write(into: bytes)
            filled = count
        }
    }
}

extension UnsafeRawBufferPointer {
    /// An integer in network order; it need not be aligned.
    func integer<Value: FixedWidthInteger>(at offset: Int) -> Value {
        Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    func set(_ value: some FixedWidthInteger, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: type(of: value))
    }
}
