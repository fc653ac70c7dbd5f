// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

@testable import LatchkeySessionProtocol

struct MessageTests {
    /// Made by hand, and taken by both official ends.
    static let golden = RecordedFrame.bytes(
        """
        000000746f75747075745f73747265616d5f646174612020202020202020202020202020000000010000018bcfe5687b0000000000000007
        00000000000000008899aabbccddeeff001122334455667798ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4
        000000010000000368690a
        """
    )
    static let stamp = MessageStamp(
        id: MessageID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF),
        created: 1_700_000_000_123
    )

    static func fault(_ bytes: [UInt8], checksDigest: Bool = true) -> MessageHeader.Fault? {
        bytes.withUnsafeBytes { bytes in
            do throws(MessageHeader.Fault) {
                _ = try MessageHeader(of: bytes, checksDigest: checksDigest)
                return nil
            } catch {
                return error
            }
        }
    }

    /// The golden message with other bytes at a place.
    static func golden(_ bytes: [UInt8], at offset: Int) -> [UInt8] {
        var message = golden
        message.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return message
    }

    @Test func `every recorded message is there`() { #expect(RecordedFrame.all.count == 43) }

    @Test(arguments: RecordedFrame.all) func `a recorded message is read as what it is, and written as it was`(
        frame: RecordedFrame
    ) throws {
        let header = try frame.bytes.withUnsafeBytes { try MessageHeader(of: $0) }
        #expect(header.type.rawValue == frame.type)
        #expect(header.sequence == frame.sequence)
        #expect(header.payloadType == frame.payloadType)
        #expect(header.id.description == frame.id)
        #expect(header.message(frame.payload) == frame.bytes)
    }

    @Test func `the golden vector is written and read`() throws {
        let header = MessageHeader(type: .output, stamp: Self.stamp, sequence: 7, payloadType: .output)
        #expect(Self.golden.count == 123)
        #expect(header.message(Array("hi\n".utf8)) == Self.golden)
        #expect(try Self.golden.withUnsafeBytes { try MessageHeader(of: $0) } == header)
    }

    @Test func `an id is shown with its halves the way round that they do not have on the wire`() {
        #expect(Self.stamp.id.description == "00112233-4455-6677-8899-aabbccddeeff")
        #expect(Array(Self.golden[64..<72]) == [0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF])
        #expect(MessageID(high: 0, low: 1).description == "00000000-0000-0000-0000-000000000001")
    }

    @Test func `a new stamp is a UUID of version 4, and another each time`() {
        var random = SystemRandomNumberGenerator()
        let ids = (0..<200).map { _ in MessageStamp.make(&random).id }
        #expect(Set(ids).count == 200)
        for id in ids {
            let digits = Array(id.description)
            #expect(digits.count == 36 && digits[14] == "4" && "89ab".contains(digits[19]))
        }
    }

    @Test(
        arguments: [
            ([], 0, .short),
            ([0, 0, 0, 0], 0, .headerLength(0)), ([0, 0, 0, 115], 0, .headerLength(115)),
            ([0, 0, 0, 120], 0, .headerLength(120)), ([0xFF, 0xFF, 0xFF, 0xFF], 0, .headerLength(.max)),
            ([0, 0, 0, 0], 116, .payloadLength(0)), ([0, 0, 0, 2], 116, .payloadLength(2)),
            ([0, 0, 0, 4], 116, .payloadLength(4)), ([0xFF, 0xFF, 0xFF, 0xFF], 116, .payloadLength(.max)),
            ([0x80, 0, 0, 0], 116, .payloadLength(0x8000_0000)),
            ([0x80], 48, .sequence(.min + 7)), ([UInt8](repeating: 0xFF, count: 8), 48, .sequence(-1)),
            ([0x20], 48, .sequence((1 << 61) + 7)),
            ([UInt8](repeating: 0, count: 8), 40, .undated),
            ([UInt8](repeating: 0x20, count: 32), 4, .unknownType), ([UInt8](repeating: 0, count: 32), 4, .unknownType),
            ([0x4F], 4, .unknownType), ([UInt8(ascii: "_")], 22, .unknownType),
            ([0], 80, .digest), ([UInt8(ascii: "H")], 120, .digest),
        ] as [([UInt8], Int, MessageHeader.Fault)]
    )
    func `a damaged message is told by what is wrong with it`(
        bytes: [UInt8],
        offset: Int,
        fault: MessageHeader.Fault
    ) {
        let message = bytes.isEmpty ? [] : Self.golden(bytes, at: offset)
        #expect(Self.fault(message) == fault)
    }

    @Test func `a wrong digest is passed on by who does not look at it`() {
        #expect(Self.fault(Self.golden([0], at: 80), checksDigest: false) == nil)
    }

    @Test func `an empty payload is understood`() throws {
        let header = MessageHeader(type: .input, stamp: Self.stamp)
        let message = header.message([])
        #expect(message.count == MessageHeader.size)
        #expect(try message.withUnsafeBytes { try MessageHeader(of: $0) } == header)
    }

    @Test func `the relay's messages about publication need no date`() {
        for type in [MessageType.startPublication, .pausePublication] {
            let header = MessageHeader(type: type, stamp: MessageStamp(id: Self.stamp.id, created: 0))
            #expect(Self.fault(header.message(Array("{}".utf8))) == nil)
        }
    }

    @Test(arguments: MessageType.allCases) func `every type fits its field, padded with spaces or zeros on both sides`(
        type: MessageType
    ) throws {
        let name = Array(type.rawValue.utf8)
        #expect(name.count <= MessageType.width)
        for padding in [0x20, 0] as [UInt8] {
            for front in 0...(MessageType.width - name.count) {
                let back = MessageType.width - name.count - front
                let field =
                    [UInt8](repeating: padding, count: front) + name + [UInt8](repeating: padding, count: back)
                #expect(field.withUnsafeBytes { MessageType(field: $0) } == type)
            }
        }
        #expect(Array((type.rawValue + "s").utf8).withUnsafeBytes { MessageType(field: $0) } == nil)
    }

    @Test(arguments: RecordedFrame.kinds) func `a message that is cut, or goes on, is refused`(frame: RecordedFrame) {
        for count in 0..<frame.bytes.count {
            let fault = Self.fault(Array(frame.bytes.prefix(count)))
            #expect(fault == (count < 120 ? .short : .payloadLength(UInt32(frame.bytes.count - 120))))
        }
        #expect(Self.fault(frame.bytes + [0]) == .payloadLength(UInt32(frame.bytes.count - 120)))
    }

    @Test(arguments: RecordedFrame.kinds)
    func `a message with any one byte changed is refused, or understood as another`(
        frame: RecordedFrame
    ) {
        // What no digest covers and nobody looks at may be anything.
        let free = Set(36..<80).union(112..<116)
        for place in frame.bytes.indices {
            for change in [0x01, 0x80, 0xFF] as [UInt8] {
                var bytes = frame.bytes
                bytes[place] ^= change
                let fault = Self.fault(bytes)
                // A name's padding may be zeros, but no other byte.
                #expect(fault != nil || free.contains(place), "byte \(place) ^ \(change)")
                if let header = try? bytes.withUnsafeBytes({ try MessageHeader(of: $0) }) {
                    let written = header.message(bytes[120...])
                    #expect(written.count == bytes.count)
                    let read = try? written.withUnsafeBytes { try MessageHeader(of: $0) }
                    #expect(read == header)
                }
            }
        }
    }

    @Test func `random bytes are refused`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...300, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(Self.fault(bytes) != nil)
            // Beyond the first hurdle.
            if count >= 4 { bytes.replaceSubrange(0..<4, with: [0, 0, 0, 116]) }
            #expect(Self.fault(bytes) != nil)
        }
    }
}
