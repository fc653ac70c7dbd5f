// SPDX-License-Identifier: Apache-2.0

import Glibc
import LatchkeyTransport
import NIOCore
import NIOEmbedded
import Testing

@testable import LatchkeyHTTP
@testable import LatchkeyServer

/// A WebSocket at the server, without a network.
struct SocketHandlerTests {
    /// Passes everything on to another one.
    private final class Passing: ChannelDelegate {
        var target: SocketHandler?
        var refusals: [String] = []
        let prefixSize = 120
        let gatherLimit = 1024
        let holdsReads = false

        func opened(_ handler: SocketHandler) {}
        func closed(_ handler: SocketHandler) {}
        func classify(_ prefix: UnsafeRawBufferPointer, size: Int?) -> FrameDisposition {
            target.map(FrameDisposition.pass) ?? .drop
        }
        func received(_ opcode: SocketOpcode, _ message: ByteBuffer) {}
        func refused(_ why: String) { refusals.append(why) }
        func flushPartner() { target?.flush() }
        func writabilityChanged() {}
    }

    /// Two of them, what one hears going out through the other.
    private struct Pair {
        let near: EmbeddedChannel
        let far: EmbeddedChannel
        let nearLink = Passing()
        let farHandler: SocketHandler

        init() throws {
            let nearHandler = SocketHandler(link: nearLink)
            farHandler = SocketHandler(link: Passing())
            near = EmbeddedChannel(handler: nearHandler)
            far = EmbeddedChannel(handler: farHandler)
            for channel in [near, far] {
                try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            }
            nearLink.target = farHandler
        }

        func sent(_ channel: EmbeddedChannel) throws -> [UInt8] {
            var bytes: [UInt8] = []
            while var buffer = try channel.readOutbound(as: ByteBuffer.self) {
                bytes += buffer.readBytes(length: buffer.readableBytes) ?? []
            }
            return bytes
        }
    }

    /// A frame of a client, masked with zeros.
    private func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)] : [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        return [first] + length + [0, 0, 0, 0] + payload
    }

    @Test func `neither a ping nor its answer comes between the chunks of a frame`() throws {
        let pair = try Pair()
        let payload = [UInt8](repeating: 7, count: 1000)
        let message = frame(0x82, payload)
        try pair.near.writeInbound(ByteBuffer(bytes: message[..<500]))
        try pair.far.writeInbound(ByteBuffer(bytes: frame(0x89, [1, 2, 3])))
        pair.farHandler.ping()
        pair.farHandler.send(.binary, ByteBuffer(bytes: [9]))
        try pair.near.writeInbound(ByteBuffer(bytes: message[500...]))
        let sent = try pair.sent(pair.far)
        let whole: [UInt8] = [0x82, 126, 3, 0xE8] + payload
        #expect(sent.starts(with: whole))
        let rest = Array(sent.dropFirst(whole.count))
        let (ping, pong): ([UInt8], [UInt8]) = ([0x89, 9] + Array("keepalive".utf8), [0x8A, 3, 1, 2, 3])
        #expect(rest == ping + pong + [0x82, 1, 9])
    }

    @Test func `who is closed is not listened to any more, and leaves no message half sent`() throws {
        let pair = try Pair()
        let message = frame(0x82, [UInt8](repeating: 7, count: 1000))
        try pair.near.writeInbound(ByteBuffer(bytes: message[..<500]))
        // Without a mask.
        try pair.far.writeInbound(ByteBuffer(bytes: frame(0x89, [])))
        #expect(pair.far.isActive)
        pair.nearLink.target = nil
        let handler = try pair.near.pipeline.syncOperations.handler(type: SocketHandler.self)
        handler.close(.normal)
        #expect(!pair.far.isActive)
        #expect(!pair.near.isActive)
    }

    private struct OtherFault: Error {}

    @Test func `a program's end is told from a network's, and from this side's`() throws {
        func wasLeft(_ end: (SocketHandler, EmbeddedChannel) throws -> Void) throws -> Bool {
            let handler = SocketHandler(link: Passing())
            let channel = EmbeddedChannel(handler: handler)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            try end(handler, channel)
            return handler.wasLeft
        }
        func fault(_ code: CInt) throws -> Bool {
            try wasLeft { $1.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "read")) }
        }
        #expect(try wasLeft { $1.pipeline.fireChannelInactive() })
        #expect(try fault(ECONNRESET) && fault(EPIPE) && !fault(ETIMEDOUT) && !fault(EHOSTUNREACH))
        // TLS that ends without saying so.
        #expect(try wasLeft { $1.pipeline.fireErrorCaught(OtherFault()) })
        #expect(try wasLeft { _, channel in try channel.writeInbound(ByteBuffer(bytes: frame(0x88, [3, 0xE8]))) })
        #expect(try !wasLeft { handler, _ in handler.close(.normal) } && !wasLeft { handler, _ in handler.abort() })
    }

    @Test func `who asks for signs of life and does not read gets one answer for many`() throws {
        let pair = try Pair()
        pair.near.isWritable = false
        for number in 0..<100 { try pair.near.writeInbound(ByteBuffer(bytes: frame(0x89, [UInt8(number)]))) }
        #expect(try pair.sent(pair.near).isEmpty)
        pair.near.isWritable = true
        pair.near.pipeline.fireChannelWritabilityChanged()
        #expect(try pair.sent(pair.near) == [0x8A, 1, 99])
        try pair.near.writeInbound(ByteBuffer(bytes: frame(0x89, [5])))
        #expect(try pair.sent(pair.near) == [0x8A, 1, 5])
    }

    @Test func `two that are cut in the middle of passing on to each other are let go of`() throws {
        weak var first: SocketHandler?
        weak var second: SocketHandler?
        do {
            let (nearLink, farLink) = (Passing(), Passing())
            let (near, far) = (SocketHandler(link: nearLink), SocketHandler(link: farLink))
            (first, second) = (near, far)
            (nearLink.target, farLink.target) = (far, near)
            let channels = [EmbeddedChannel(handler: near), EmbeddedChannel(handler: far)]
            for channel in channels { try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait() }
            let message = frame(0x82, [UInt8](repeating: 7, count: 1000))
            for channel in channels { try channel.writeInbound(ByteBuffer(bytes: message[..<500])) }
            try channels[0].close().wait()
            #expect(!channels[1].isActive)
            (nearLink.target, farLink.target) = (nil, nil)
            for channel in channels { _ = try channel.finish(acceptAlreadyClosed: true) }
        }
        #expect(first == nil && second == nil)
    }

    @Test(
        arguments: [
            ("no mask", [0x82, 1, 7]), ("a reserved bit", [0xC2, 0x81, 0, 0, 0, 0, 7]),
            ("an unknown opcode", [0x83, 0x81, 0, 0, 0, 0, 7]), ("a long ping", [0x89, 0xFE, 0, 126, 0, 0, 0, 0]),
            ("a ping in pieces", [0x09, 0x80, 0, 0, 0, 0]), ("a continuation of nothing", [0x80, 0x80, 0, 0, 0, 0]),
            ("4 GiB", [0x82, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("more than there can be", [0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]),
        ] as [(String, [UInt8])]
    )
    func `a frame that must not be ends the connection`(what: String, bytes: [UInt8]) throws {
        // All at once, and a byte at a time.
        for size in [bytes.count, 1] {
            let pair = try Pair()
            for start in stride(from: 0, to: bytes.count, by: size) where pair.near.isActive {
                try pair.near.writeInbound(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + size)]))
            }
            #expect(!pair.near.isActive)
            #expect(pair.nearLink.refusals.count == 1)
            #expect(try pair.sent(pair.near).first == 0x88)
            #expect(try pair.sent(pair.far).isEmpty)
        }
    }
}
