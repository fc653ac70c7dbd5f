// SPDX-License-Identifier: Apache-2.0

import LatchkeySessionProtocol
import NIOCore
import Testing

@testable import LatchkeyRelay
@testable import LatchkeyServer

struct OfficialAgentStreamTests {
    private static func message(_ sequence: Int64, _ type: PayloadType = .output) -> (ByteBuffer, MessageHeader) {
        var random = SystemRandomNumberGenerator()
        let header = MessageHeader(type: .output, stamp: .make(&random), sequence: sequence, payloadType: type)
        return (ByteBuffer(bytes: header.message([UInt8(truncatingIfNeeded: sequence)])), header)
    }

    private static func take(_ stream: inout OfficialAgentStream, _ sequence: Int64) -> String {
        let (bytes, header) = message(sequence)
        switch stream.take(bytes, header, isSent: true) {
        case .pass(let passed): return String(passed.getInteger(at: 48, as: Int64.self) ?? -1)
        case .acknowledged: return "acknowledged"
        case .drop: return "drop"
        }
    }

    @Test func `a number that no agent comes to costs nothing`() {
        var stream = OfficialAgentStream(isAdopted: false)
        #expect(Self.take(&stream, 0) == "0")
        #expect(Self.take(&stream, 1 << 40) == "drop")
        #expect(Self.take(&stream, 1) == "1")
        #expect(stream.handOver().count + 2 > 0)
        var adopted = OfficialAgentStream(isAdopted: true)
        #expect(Self.take(&adopted, 1 << 40) == String(1 << 40))
        #expect(Self.take(&adopted, 3) == "drop")
        #expect(Self.take(&adopted, (1 << 40) - 1) == String((1 << 40) - 1))
    }

    @Test func `what comes late has its place, before and after another client came`() {
        var stream = OfficialAgentStream(isAdopted: false)
        #expect(Self.take(&stream, 0) == "0")
        #expect(stream.acknowledged(0) == 0)
        #expect(Self.take(&stream, 0) == "acknowledged")
        #expect(Self.take(&stream, 2) == "2")
        #expect(Self.take(&stream, 1) == "1")
        #expect(stream.repeatAll().map { $0.getInteger(at: 48, as: Int64.self) } == [1, 2])
        #expect(Self.take(&stream, 4) == "4")
        // 1, 2 and 4 are to come again, and 3 for the first time; before them stands what was shown.
        let shown = Int64(stream.handOver().count)
        #expect(stream.repeatAll().map { $0.getInteger(at: 48, as: Int64.self) } == [shown, shown + 1, shown + 3])
        #expect(Self.take(&stream, 3) == String(shown + 2))
        #expect(Self.take(&stream, 5) == String(shown + 4))
        #expect(stream.acknowledged(shown + 2) == 3)
        #expect(stream.acknowledged(shown + 4) == 5)
        #expect(Self.take(&stream, 3) == "acknowledged")
    }

    @Test func `a session whose beginning nobody knows is not handed over, nor one that began with a question`() {
        #expect(!OfficialAgentStream(isAdopted: true).canBeHandedOver)
        var stream = OfficialAgentStream(isAdopted: false)
        #expect(stream.canBeHandedOver)
        let (bytes, header) = Self.message(0, .handshakeRequest)
        _ = stream.take(bytes, header, isSent: true)
        #expect(!stream.canBeHandedOver)
    }

    @Test func `an official agent that keeps on talking to nobody is not listened to for ever`() {
        var stream = OfficialAgentStream(isAdopted: false)
        var sequence: Int64 = 0
        while !stream.isFull {
            var random = SystemRandomNumberGenerator()
            let header = MessageHeader(type: .output, stamp: .make(&random), sequence: sequence, payloadType: .output)
            let bytes = header.message([UInt8](repeating: 7, count: 64 * 1024))
            _ = stream.take(ByteBuffer(bytes: bytes), header, isSent: false)
            sequence += 1
        }
        #expect(stream.byteCount < OfficialAgentStream.limit + 128 * 1024)
        for number in 0..<sequence { _ = stream.acknowledged(number) }
        #expect(stream.isEmpty && stream.byteCount == 0)
    }
}
