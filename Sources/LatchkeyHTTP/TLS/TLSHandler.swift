// SPDX-License-Identifier: Apache-2.0

internal import CLibSSL
internal import NIOCore

/// TLS at the server, around whatever is behind it.
///
/// A connection that idles keeps no buffer of any size, whatever went through it before. That is why this is not
/// swift-nio-ssl, whose connections keep as much as their greatest burst needed: thousands of sessions idle.
final class TLSHandler: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The most plaintext in a record (RFC 8446 §5.1), and more than what a record has besides.
    private static let recordSize = 16 * 1024
    private static let recordOverhead = 64

    private let connection: OpaquePointer
    private let wire: MemoryBIO
    private var isOpen = false
    /// The other side has said goodbye: nothing that still comes counts, but it may listen on.
    private var inputIsOver = false
    /// This side has said goodbye.
    private var outputIsOver = false
    private var isClosed = false
    /// What goes out with the next flush, or once the handshake is done.
    private var pending: [(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var isFlushWanted = false

    /// - Returns: nil if there is no memory.
    init?(_ context: TLSContext) {
        guard let connection = context.makeConnection() else { return nil }
        self.connection = connection
        wire = MemoryBIO()
        guard wire.attach(to: connection) else {
            SSL_free(connection)
            return nil
        }
        SSL_set_accept_state(connection)
    }

    deinit { SSL_free(connection) }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosed, !inputIsOver else { return }
        wire.incoming = unwrapInboundIn(data)
        defer { wire.incoming = nil }
        if !isOpen {
            guard shakeHands(context) else { return }
            if isFlushWanted { flush(context: context) }
        }
        while !isClosed, !inputIsOver, let bytes = decrypt(context) { context.fireChannelRead(wrapInboundOut(bytes)) }
    }

    /// - Returns: whether the handshake is done.
    private func shakeHands(_ context: ChannelHandlerContext) -> Bool {
        ERR_clear_error()
        let result = SSL_do_handshake(connection)
        isOpen = result == 1
        // The server's part of it, or the reason why there will be none.
        sendRecords(context, promise: nil)
        context.flush()
        if !isOpen && SSL_get_error(connection, result) != SSL_ERROR_WANT_READ { end(context) }
        return isOpen
    }

    /// What has come, decrypted; nil if that is nothing.
    private func decrypt(_ context: ChannelHandlerContext) -> ByteBuffer? {
        let coming = wire.incoming?.readableBytes ?? 0
        guard coming > 0 || SSL_pending(connection) > 0 else { return nil }
        // The beginning of its first record may lie in OpenSSL's buffer.
        let size = coming + TLSHandler.recordSize
        var plain = context.channel.allocator.buffer(capacity: size)
        var verdict = SSL_ERROR_NONE
        plain.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
            var filled = 0
            while filled < target.count {
                ERR_clear_error()
                let rest = UnsafeMutableRawBufferPointer(rebasing: target[filled...])
                let count = SSL_read(connection, rest.baseAddress, Int32(clamping: rest.count))
                guard count > 0 else {
                    verdict = SSL_get_error(connection, count)
                    break
                }
                filled += Int(count)
            }
            return filled
        }
        // An answer to what was no data, such as a change of keys. Where nothing is read at the other end, answers would pile up.
        if wire.hasOutgoing, !context.channel.isWritable {
            end(context)
            return nil
        }
        sendRecords(context, promise: nil)
        context.flush()
        if verdict != SSL_ERROR_NONE && verdict != SSL_ERROR_WANT_READ {
            // A goodbye, or something that is not TLS; what came before it counts.
            if plain.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plain)) }
            if verdict == SSL_ERROR_ZERO_RETURN { endInput(context) } else { end(context) }
            return nil
        }
        return plain.readableBytes > 0 ? plain : nil
    }

    /// The other side's goodbye is to TLS what the end of the input is to TCP (RFC 8446 §6.1), and goes on as that.
    private func endInput(_ context: ChannelHandlerContext) {
        guard !isClosed, !inputIsOver else { return }
        inputIsOver = true
        let staysOpen = try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)
        if staysOpen == true { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) } else { end(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        // It may have been told already.
        if !inputIsOver {
            inputIsOver = true
            if isOpen { context.fireUserInboundEventTriggered(event) } else { end(context) }
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        if !isClosed { close(context: context, mode: .all, promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        abandon()
        context.fireChannelInactive()
    }

    // MARK: Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        pending.append((unwrapOutboundIn(data), promise))
    }

    func flush(context: ChannelHandlerContext) {
        guard isOpen, !isClosed else {
            isFlushWanted = true
            return
        }
        isFlushWanted = false
        let writes = pending
        pending.removeAll(keepingCapacity: writes.count < 8)
        for (bytes, promise) in writes {
            if !outputIsOver, encrypt(bytes) {
                sendRecords(context, promise: promise)
            } else {
                promise?.fail(ChannelError.outputClosed)
            }
        }
        context.flush()
    }

    /// - Returns: false after a goodbye or an error, when nothing can be sent any more.
    private func encrypt(_ bytes: ByteBuffer) -> Bool {
        guard bytes.readableBytes > 0 else { return true }
        let records = bytes.readableBytes / TLSHandler.recordSize + 1
        wire.reserve(bytes.readableBytes + records * TLSHandler.recordOverhead)
        return bytes.withUnsafeReadableBytes { bytes in
            ERR_clear_error()
            // The wire takes everything, so this neither waits nor does a part only.
            return SSL_write(connection, bytes.baseAddress, Int32(clamping: bytes.count)) == bytes.count
        }
    }

    private func sendRecords(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        let records = wire.takeOutgoing()
        // An empty write still has its turn if a promise waits for it.
        guard records.readableBytes > 0 || promise != nil else { return }
        context.write(wrapOutboundOut(records), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input, !isClosed {
            if isOpen, !outputIsOver {
                ERR_clear_error()
                // Says goodbye; the other side's answer is not waited for (RFC 8446 §6.1).
                _ = SSL_shutdown(connection)
                sendRecords(context, promise: nil)
                context.flush()
            }
            outputIsOver = true
            isClosed = mode == .all
            abandon()
        }
        context.close(mode: mode, promise: promise)
    }

    /// What was not flushed will never be sent.
    private func abandon() {
        let writes = pending
        pending = []
        for (_, promise) in writes { promise?.fail(ChannelError.ioOnClosedChannel) }
    }
}
