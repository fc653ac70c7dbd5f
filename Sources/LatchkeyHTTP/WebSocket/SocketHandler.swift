// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyTransport
package import NIOCore

/// A WebSocket at the server: takes frames apart (RFC 6455 §5), answers pings, and gives what is in them to a ``ChannelDelegate``.
///
/// Messages between the two ends of a session are passed on as they arrive, piece by piece, without being put together.
///
/// Confined to its connection's event loop, as everything in this folder.
package final class SocketHandler: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// The most bytes of a message that is passed on.
    static let passLimit = 2 << 20

    /// What becomes of the message whose pieces are arriving.
    private enum Disposition {
        /// At the boundary between two messages.
        case none
        case pass(SocketHandler)
        case gather(SocketOpcode, ByteBuffer)
        case drop
    }

    let link: any ChannelDelegate
    private var context: ChannelHandlerContext?
    private var writer: SocketWriter?
    private var carry: ByteBuffer?
    private var disposition = Disposition.none
    /// Bytes of the frame at hand that are still to come, its mask, and how many were there before.
    private var frameRest = 0
    private var frameIsFinal = false
    private var mask: UInt32 = 0
    private var maskOffset = 0
    private var readIsHeld = false
    private var isClosed = false
    /// It was closed from here, and its end is still under way.
    private var isDiscarding = false
    /// Whether the other side has ended the connection itself, as a program's end does it; not an error of the network's, nor
    /// this side.
    package private(set) var wasLeft = true
    /// When something came last, a pong included.
    package private(set) var lastHeard = NIODeadline.now()
    /// When the other side was asked for a sign of life last.
    package private(set) var lastPing = NIODeadline.now()

    init(link: any ChannelDelegate) { self.link = link }

    // MARK: In

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        writer = SocketWriter(context)
        link.opened(self)
    }

    package func handlerRemoved(context: ChannelHandlerContext) { ended() }

    package func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    private func ended() {
        guard !isClosed else { return }
        isClosed = true
        context = nil
        writer = nil
        carry = nil
        // Let go of first: the target may be passing something on to this one, and each would keep the other.
        let ended = disposition
        disposition = .none
        // A message that will never be complete: the other end must not wait for its rest, nor take something else for it.
        if case .pass(let target) = ended { target.abort() }
        link.closed(self)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A program that ends before it has read everything resets its connections, and one with TLS does not say that it ends; a
        // network that is gone says nothing at all.
        if let error = error as? IOError, ![ECONNRESET, EPIPE].contains(error.errnoCode) { wasLeft = false }
        context.close(promise: nil)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDiscarding else { return }
        lastHeard = .now()
        var bytes = unwrapInboundIn(data)
        if var before = carry {
            carry = nil
            before.writeBuffer(&bytes)
            bytes = before
        }
        while !isClosed, !isDiscarding {
            if frameRest > 0 {
                guard bytes.readableBytes > 0 else { return }
                takePayload(&bytes)
            } else if case .progress = beginFrame(&bytes, context) {
                continue
            } else {
                if bytes.readableBytes > 0 && !isClosed { carry = bytes.slice() }
                return
            }
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        link.flushPartner()
        flush()
        context.fireChannelReadComplete()
    }

    private enum Step { case progress, needsMore }

    private func beginFrame(_ bytes: inout ByteBuffer, _ context: ChannelHandlerContext) -> Step {
        let parsed: (WebSocketHeader, size: Int)?
        do {
            parsed = try bytes.withUnsafeReadableBytes { (raw) throws(WebSocketHeader.Fault) in
                try WebSocketHeader.parse(raw)
            }
        } catch {
            fail(.protocolError, "a WebSocket frame with a wrong header")
            return .needsMore
        }
        guard let (header, size) = parsed else { return .needsMore }
        guard let key = header.mask else {
            // "a server MUST close the connection upon receiving a frame that is not masked" (§5.1)
            fail(.protocolError, "a frame without a mask")
            return .needsMore
        }
        if header.opcode.isControl {
            guard bytes.readableBytes >= size + header.length else { return .needsMore }
            bytes.moveReaderIndex(forwardBy: size)
            control(header, unmasked(&bytes, header.length, key, 0))
            return isClosed ? .needsMore : .progress
        }
        switch (disposition, header.opcode) {
        case (.none, .continuation), (.pass, .text), (.pass, .binary), (.gather, .text), (.gather, .binary),
            (.drop, .text),
            (.drop, .binary):
            fail(.protocolError, "pieces of messages in a wrong order")
            return .needsMore
        default: break
        }
        guard header.length <= SocketHandler.passLimit else {
            fail(.messageTooBig, "a frame of \(header.length) bytes")
            return .needsMore
        }
        if case .none = disposition {
            let prefixSize = link.prefixSize
            guard prefixSize > 0 || header.length <= link.gatherLimit else {
                fail(.messageTooBig, "a message of \(header.length) bytes")
                return .needsMore
            }
            // A first frame that is shorter tells nothing; both official ends send their headers in one piece.
            let prefix = min(header.length, prefixSize)
            guard bytes.readableBytes >= size + prefix else { return .needsMore }
            guard classify(header, size, prefix, key, bytes) else { return .needsMore }
        }
        bytes.moveReaderIndex(forwardBy: size)
        mask = key
        maskOffset = 0
        frameRest = header.length
        frameIsFinal = header.isFinal
        if case .pass(let target) = disposition {
            target.writer?.passHeader(WebSocketHeader(header.opcode, length: header.length, isFinal: header.isFinal))
        }
        if frameRest == 0 { endFrame() }
        return .progress
    }

    /// Asks the link what is to become of a message, by its beginning.
    ///
    /// - Returns: false if the connection was closed over it.
    private func classify(
        _ header: WebSocketHeader,
        _ size: Int,
        _ prefix: Int,
        _ key: UInt32,
        _ bytes: ByteBuffer
    ) -> Bool {
        guard prefix > 0 || link.prefixSize > 0 else {
            disposition = .gather(header.opcode, ByteBuffer())
            return true
        }
        let wanted = withUnsafeTemporaryAllocation(byteCount: max(1, prefix), alignment: 8) { target in
            bytes.withUnsafeReadableBytes { raw in
                let source = UnsafeRawBufferPointer(rebasing: raw[size..<size + prefix])
                WebSocketHeader.apply(key, offset: 0, source, to: target)
            }
            return link.classify(
                UnsafeRawBufferPointer(rebasing: target[..<prefix]),
                size: header.isFinal ? header.length : nil
            )
        }
        switch wanted {
        case .pass(let target): disposition = .pass(target)
        case .gather: disposition = .gather(header.opcode, ByteBuffer())
        case .drop: disposition = .drop
        case .refuse(let why):
            fail(.policyViolation, why)
            return false
        }
        return true
    }

    private func takePayload(_ bytes: inout ByteBuffer) {
        let count = min(frameRest, bytes.readableBytes)
        switch disposition {
        case .pass(let target):
            bytes.readWithUnsafeReadableBytes { raw in
                target.writer?.passPayload(UnsafeRawBufferPointer(rebasing: raw[..<count]), mask, maskOffset)
                return count
            }
        case .gather(let opcode, var gathered):
            guard gathered.readableBytes + count <= link.gatherLimit else {
                fail(.messageTooBig, "a message without end")
                return
            }
            disposition = .none
            var chunk = unmasked(&bytes, count, mask, maskOffset)
            gathered.writeBuffer(&chunk)
            disposition = .gather(opcode, gathered)
        case .drop, .none: bytes.moveReaderIndex(forwardBy: count)
        }
        frameRest -= count
        maskOffset += count
        if frameRest == 0 { endFrame() }
    }

    private func endFrame() {
        guard frameIsFinal else { return }
        let ended = disposition
        disposition = .none
        switch ended {
        case .pass(let target): target.writer?.passEnd()
        case .gather(let opcode, let message): link.received(opcode, message)
        case .drop, .none: break
        }
    }

    /// The next bytes without their mask, in memory of their own: the channel's is pooled, and used again.
    private func unmasked(_ bytes: inout ByteBuffer, _ count: Int, _ key: UInt32, _ offset: Int) -> ByteBuffer {
        var result = ByteBufferAllocator().buffer(capacity: count)
        result.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            bytes.withUnsafeReadableBytes { raw in
                WebSocketHeader.apply(key, offset: offset, UnsafeRawBufferPointer(rebasing: raw[..<count]), to: target)
            }
            return count
        }
        bytes.moveReaderIndex(forwardBy: count)
        return result
    }

    private func control(_ header: WebSocketHeader, _ payload: ByteBuffer) {
        switch header.opcode {
        case .ping: writer?.answer(payload)
        case .close:
            writer?.close(payload.readableBytes >= 2 ? payload : ByteBuffer())
            context?.close(promise: nil)
        default: break
        }
    }

    // MARK: Out

    /// What a close frame says (§7.4.1).
    package enum CloseCode: UInt16 {
        case normal = 1000
        case goingAway = 1001
        case protocolError = 1002
        case policyViolation = 1008
        case messageTooBig = 1009
    }

    /// Ends the connection over something that the other side did.
    private func fail(_ code: CloseCode, _ why: String) {
        link.refused(why)
        close(code)
    }

    /// Says goodbye (RFC 6455 §5.5.1), and closes the connection when that is sent.
    package func close(_ code: CloseCode) {
        guard let context else { return }
        writer?.close(ByteBuffer(integer: code.rawValue))
        stopReading()
        context.close(promise: nil)
    }

    /// Drops what still arrives, the rest of a message that is being passed on included: its receiver may already get
    /// messages from another connection.
    private func stopReading() {
        isDiscarding = true
        wasLeft = false
        let ended = disposition
        disposition = .drop
        if case .pass(let target) = ended { target.abort() }
    }

    /// Ends the connection in the middle of whatever it was about.
    package func abort() {
        wasLeft = false
        context?.close(promise: nil)
    }

    /// Sends a message of the relay's own, after the one that is being passed on.
    package func send(_ opcode: SocketOpcode, _ payload: ByteBuffer) { writer?.send(opcode, payload) }

    /// Asks the other side for a sign of life.
    package func ping() {
        lastPing = .now()
        writer?.ping()
    }

    /// Sends what was written.
    package func flush() { writer?.flush() }

    // MARK: Back-pressure

    /// Whether the connection takes more without keeping it in memory.
    package var isWritable: Bool { writer?.isWritable ?? false }

    package func read(context: ChannelHandlerContext) {
        if link.holdsReads { readIsHeld = true } else { context.read() }
    }

    /// Reads on, if that was held back and no longer is.
    package func resumeReading() {
        guard readIsHeld, let context, !link.holdsReads else { return }
        readIsHeld = false
        context.read()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        writer?.writabilityChanged()
        link.writabilityChanged()
        context.fireChannelWritabilityChanged()
    }
}
