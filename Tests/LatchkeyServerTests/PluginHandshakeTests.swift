// SPDX-License-Identifier: Apache-2.0

import LatchkeySessionProtocol
import NIOCore
import Testing

@testable import LatchkeyRelay

/// The official plugin's moment of weakness: what a relay tells it before it is ready, and in which order.
struct PluginHandshakeTests {
    private enum Event {
        case answer(Int64), challengeAnswer(Int64), input(Int64), acknowledge(Int64), complete, output, returns, late
    }

    private static func header(_ type: MessageType, _ sequence: Int64, _ payload: PayloadType) -> MessageHeader {
        var random = SystemRandomNumberGenerator()
        return MessageHeader(type: type, stamp: .make(&random), sequence: sequence, payloadType: payload)
    }

    /// - Returns: what the client gets, a letter each: `a` and a number for an acknowledgement, `C` for the handshake's end, `o`
    ///   for output.
    private static func told(_ events: Event...) -> String {
        var handshake = PluginHandshake()
        var told: [ByteBuffer] = []
        for event in events {
            switch event {
            case .answer(let number): told += handshake.passes(header(.input, number, .handshakeResponse))
            case .challengeAnswer(let number): told += handshake.passes(header(.input, number, .challengeResponse))
            case .input(let number): told += handshake.passes(header(.input, number, .output))
            case .acknowledge(let number):
                let input = header(.input, number, .output)
                var random = SystemRandomNumberGenerator()
                let stamp = MessageStamp.make(&random)
                let bytes = AcknowledgeContent.message(of: .input, id: input.id, sequence: number, stamp: stamp)
                told += handshake.take(ByteBuffer(bytes: bytes))
            case .complete:
                told += handshake.take(ByteBuffer(bytes: header(.output, 1, .handshakeComplete).message([1])))
            case .output:
                told += handshake.take(ByteBuffer(bytes: header(.output, 2, .output).message([2])))
            case .returns: handshake.clientReturned()
            case .late: told += handshake.releaseLate(.now() + .seconds(3))
            }
        }
        return told.map(name).joined()
    }

    private static func name(_ message: ByteBuffer) -> String {
        let bytes = Array(message.readableBytesView)
        guard let header = try? bytes.withUnsafeBytes({ try MessageHeader(of: $0) }) else { return "?" }
        if header.type == .acknowledge {
            let payload = Array(bytes[MessageHeader.size...])
            let content = payload.withUnsafeBytes { AcknowledgeContent(payload: $0) }
            return "a\(content?.sequence ?? -1)"
        }
        return header.payloadType == PayloadType.handshakeComplete.rawValue ? "C" : "o"
    }

    @Test func `a plugin hears that its answer has arrived before it hears that all is complete`() {
        #expect(Self.told(.answer(0), .acknowledge(0), .complete) == "a0C")
        #expect(Self.told(.answer(0), .complete, .acknowledge(0)) == "a0C")
        // As with encryption, where it answers twice.
        #expect(
            Self.told(.answer(0), .acknowledge(0), .challengeAnswer(1), .complete, .acknowledge(1)) == "a0a1C"
        )
        #expect(Self.told(.answer(0), .challengeAnswer(1), .complete, .acknowledge(1), .acknowledge(0)) == "a1a0C")
    }

    @Test func `each once, as often as it is said`() {
        #expect(
            Self.told(.answer(0), .answer(0), .acknowledge(0), .complete, .acknowledge(0), .complete, .acknowledge(0))
                == "a0C"
        )
        #expect(Self.told(.answer(0), .complete, .complete, .acknowledge(0), .complete) == "a0C")
    }

    @Test func `what comes after the end of the handshake stays behind it`() {
        #expect(Self.told(.answer(0), .complete, .output, .output, .acknowledge(0), .output) == "a0Cooo")
    }

    @Test func `a client that is ready gets everything as it comes`() {
        #expect(Self.told(.answer(0), .acknowledge(0), .complete, .input(1), .acknowledge(0), .complete) == "a0Ca0C")
        // It would not be ready without the end of the handshake; whatever it is, nothing is kept from it.
        #expect(Self.told(.answer(0), .complete, .output, .input(1)) == "Co")
    }

    @Test func `over another connection all is told again`() {
        #expect(
            Self.told(.answer(0), .acknowledge(0), .complete, .returns, .complete, .answer(0), .acknowledge(0))
                == "a0Ca0C"
        )
        #expect(Self.told(.answer(0), .complete, .returns, .answer(0), .acknowledge(0), .complete) == "a0C")
        // Of an answer that it was told nothing of, the client does not know either that it has arrived.
        #expect(Self.told(.answer(0), .complete, .returns, .complete, .answer(0), .acknowledge(0)) == "a0C")
        #expect(Self.told(.answer(0), .returns, .complete, .answer(0), .acknowledge(0), .acknowledge(0)) == "a0C")
        // Whether the acknowledgement has arrived is not known: time tells.
        #expect(Self.told(.answer(0), .acknowledge(0), .returns, .complete, .late) == "a0C")
    }

    @Test func `an agent that does not acknowledge twice is waited for no longer than a while`() {
        var handshake = PluginHandshake()
        _ = handshake.passes(Self.header(.input, 0, .handshakeResponse))
        let complete = ByteBuffer(bytes: Self.header(.output, 1, .handshakeComplete).message([1]))
        #expect(handshake.releaseLate(.now() + .hours(1)).isEmpty)
        #expect(handshake.take(complete).isEmpty)
        #expect(handshake.releaseLate(.now()).isEmpty)
        #expect(handshake.releaseLate(.now() + .seconds(3)).map(Self.name) == ["C"])
        #expect(handshake.releaseLate(.now() + .hours(1)).isEmpty)
    }

    @Test func `an agent that does not acknowledge is not listened to for ever`() {
        var handshake = PluginHandshake()
        _ = handshake.passes(Self.header(.input, 0, .handshakeResponse))
        let complete = Self.header(.output, 1, .handshakeComplete).message([1])
        #expect(handshake.take(ByteBuffer(bytes: complete)).isEmpty)
        let output = ByteBuffer(bytes: Self.header(.output, 2, .output).message([UInt8](repeating: 2, count: 1024)))
        var count = 0
        var told: [ByteBuffer] = []
        while told.isEmpty, count < 1000 {
            told = handshake.take(output)
            count += 1
        }
        #expect(count < 70 && told.count == count + 1)
    }
}
