// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Stands before the HTTP decoder and hands it one request at a time: what comes behind one that is not answered yet waits here,
/// and no more than that is read from the connection. So what a connection may have in memory has a limit, whatever it sends.
///
/// Confined to its channel's event loop.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// What comes is handed on.
        case open
        /// It waits.
        case held
        /// It is thrown away: nothing that still comes will be answered.
        case discarding
    }

    private var state = State.open
    private var context: ChannelHandlerContext?
    /// What has come and was not handed on.
    private var waiting = ByteBuffer()
    private var readIsHeld = false
    /// The other side has said all it had to say, and only listens.
    private(set) var inputHasEnded = false
    private var endWasTold = false
    private var isHandingOn = false
    /// Bytes handed on since the last request was answered.
    private var requestBytes = 0
    private let connection: TrackedConnection?

    init(connection: TrackedConnection?) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        connection?.setBytes(0)
        // HTTP is over; the rest belongs to what comes after it.
        if state != .discarding, waiting.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(waiting)) }
        waiting = ByteBuffer()
        if readIsHeld { context.read() }
    }

    // MARK: What the HTTP handler asks for

    /// Hands nothing on until ``release()``.
    func hold() { if state == .open { state = .held } }

    /// The body of the same request may come.
    func release() {
        guard state == .held else { return }
        state = .open
        handOn()
        readOn()
    }

    /// The request was answered, and the next one may come.
    func next() {
        requestBytes = 0
        account()
        release()
    }

    /// Nothing more is wanted from this connection.
    func discard() {
        state = .discarding
        waiting = ByteBuffer()
        requestBytes = 0
        account()
        readOn()
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .discarding else { return }
        var bytes = unwrapInboundIn(data)
        if waiting.readableBytes == 0 { waiting = bytes } else { waiting.writeBuffer(&bytes) }
        handOn()
        account()
    }

    /// In small pieces, so that the decoder makes few further requests out of what comes behind the one at hand.
    private static let chunkSize = 4096

    private func handOn() {
        guard !isHandingOn else { return }
        isHandingOn = true
        defer { isHandingOn = false }
        while state == .open, let context,
            let chunk = waiting.readSlice(length: min(waiting.readableBytes, RequestGate.chunkSize)),
            chunk.readableBytes > 0
        {
            requestBytes += chunk.readableBytes
            context.fireChannelRead(wrapInboundOut(chunk))
        }
        if waiting.readableBytes == 0 {
            waiting = ByteBuffer()
            tellEnd()
        }
    }

    private func account() { connection?.setBytes(requestBytes + waiting.readableBytes) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        inputHasEnded = true
        // Behind what was sent before it.
        if waiting.readableBytes == 0 { tellEnd() }
    }

    private func tellEnd() {
        guard inputHasEnded, !endWasTold else { return }
        endWasTold = true
        context?.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        if state == .held { readIsHeld = true } else { context.read() }
    }

    private func readOn() {
        guard readIsHeld, state != .held else { return }
        readIsHeld = false
        context?.read()
    }
}
