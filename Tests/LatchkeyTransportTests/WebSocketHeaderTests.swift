// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

@testable import LatchkeyTransport

struct WebSocketHeaderTests {
    private static func fault(_ bytes: [UInt8]) -> WebSocketHeader.Fault? {
        bytes.withUnsafeBytes { bytes in
            do throws(WebSocketHeader.Fault) {
                _ = try WebSocketHeader.parse(bytes)
                return nil
            } catch {
                return error
            }
        }
    }

    private static func parse(_ bytes: [UInt8]) throws -> (WebSocketHeader, size: Int)? {
        try bytes.withUnsafeBytes { try WebSocketHeader.parse($0) }
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 24, Int(Int32.max)])
    func `a header is read as it was written, and no sooner than it is whole`(length: Int) throws {
        for opcode in [WebSocketHeader.Opcode.continuation, .text, .binary] {
            for mask in [nil, 0, 0x0102_0304, .max] as [UInt32?] {
                for isFinal in [true, false] {
                    let header = WebSocketHeader(opcode, length: length, isFinal: isFinal, mask: mask)
                    let bytes = header.bytes
                    let size = (length < 126 ? 2 : length < 65_536 ? 4 : 10) + (mask == nil ? 0 : 4)
                    #expect(bytes.count == size && size <= WebSocketHeader.sizeLimit)
                    for count in 0..<size { #expect(try Self.parse(Array(bytes.prefix(count))) == nil) }
                    let read = try #require(try Self.parse(bytes + [1, 2, 3]))
                    #expect(read.0 == header && read.size == size)
                }
            }
        }
    }

    @Test func `headers look as RFC 6455 has them in its examples`() {
        #expect(WebSocketHeader(.text, length: 5).bytes == [0x81, 0x05])
        #expect(WebSocketHeader(.text, length: 5, mask: 0x3D21_FA37).bytes == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D])
        #expect(WebSocketHeader(.text, length: 3, isFinal: false).bytes == [0x01, 0x03])
        #expect(WebSocketHeader(.continuation, length: 2).bytes == [0x80, 0x02])
        #expect(WebSocketHeader(.binary, length: 256).bytes == [0x82, 0x7E, 0x01, 0x00])
        #expect(
            WebSocketHeader(.binary, length: 65_536).bytes
                == [0x82, 0x7F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00]
        )
        var target = [UInt8](repeating: 0, count: 5)
        Array("Hello".utf8)
            .withUnsafeBytes { source in
                target.withUnsafeMutableBytes { WebSocketHeader.apply(0x3D21_FA37, offset: 0, source, to: $0) }
            }
        #expect(target == [0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }

    @Test func `bits that only an extension gives a meaning to are refused`() {
        for bit in [0x40, 0x20, 0x10] as [UInt8] { #expect(Self.fault([0x82 | bit, 0]) == .reserved) }
    }

    @Test func `opcodes that nobody knows are refused`() {
        for opcode in Array(3...7) + Array(11...15) as [UInt8] {
            #expect(Self.fault([0x80 | opcode, 0]) == .opcode(opcode))
        }
    }

    @Test func `control frames come in one chunk and are short`() {
        for opcode in [8, 9, 10] as [UInt8] {
            #expect(Self.fault([opcode, 0]) == .control)
            #expect(Self.fault([0x80 | opcode, 126, 0, 126]) == .control)
            #expect(Self.fault([0x80 | opcode, 127, 0, 0, 0, 0, 0, 0, 0, 126]) == .control)
            #expect(Self.fault([0x80 | opcode, 125]) == nil)
        }
    }

    @Test func `lengths that no message has are refused`() {
        #expect(Self.fault([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]) == .length)
        #expect(Self.fault([0x82, 127] + [UInt8](repeating: 0xFF, count: 8)) == .length)
        #expect(Self.fault([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]) == .length)
    }

    @Test func `masking is what a loop over the bytes does, at every offset, length and place`() {
        var generator = SeededGenerator(seed: 11)
        let content = (0..<80).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let mask = UInt32.random(in: .min ... .max, using: &generator)
        let key = (0..<4).map { UInt8(truncatingIfNeeded: mask >> ($0 * 8)) }
        for offset in Array(0..<9) + [1023, 65_537] {
            for start in 0..<9 {
                for count in 0...(content.count - start) {
                    let source = content[start..<start + count]
                    let expected = source.enumerated().map { $1 ^ key[(offset + $0) % 4] }
                    // With room beyond, which stays as it is.
                    var target = [UInt8](repeating: 0xEE, count: count + 3)
                    source.withUnsafeBytes { source in
                        target.withUnsafeMutableBytes {
                            WebSocketHeader.apply(mask, offset: offset, source, to: $0)
                        }
                    }
                    #expect(target == expected + [0xEE, 0xEE, 0xEE])
                }
            }
        }
    }

    @Test func `a payload masked in chunks is the one masked at once`() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<200 {
            let content = (0..<100).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let mask = UInt32.random(in: .min ... .max, using: &generator)
            let cut = Int.random(in: 0...100, using: &generator)
            var whole = content
            var chunks = content
            content.withUnsafeBytes { source in
                whole.withUnsafeMutableBytes { WebSocketHeader.apply(mask, offset: 0, source, to: $0) }
                chunks.withUnsafeMutableBytes { target in
                    let (first, second) = (source[..<cut], source[cut...])
                    WebSocketHeader.apply(mask, offset: 0, UnsafeRawBufferPointer(rebasing: first), to: target)
                    WebSocketHeader.apply(
                        mask,
                        offset: cut,
                        UnsafeRawBufferPointer(rebasing: second),
                        to: UnsafeMutableRawBufferPointer(rebasing: target[cut...])
                    )
                }
            }
            #expect(whole == chunks)
            // In place, back again.
            whole.withUnsafeMutableBytes { WebSocketHeader.apply(mask, offset: 0, UnsafeRawBufferPointer($0), to: $0) }
            #expect(whole == content)
        }
    }

    @Test func `a server's answer to a key is the one of RFC 6455`() {
        #expect(WebSocketConnection.accept(for: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }
}
