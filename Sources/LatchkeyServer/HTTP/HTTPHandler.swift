// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyTransport
internal import NIOCore
internal import NIOHTTP1

/// A connection that speaks HTTP: puts requests together, has them answered one after the other, and turns the connection
/// into a WebSocket where that is asked for and granted.
///
/// Confined to its channel's event loop.
final class HTTPHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    static let bodyLimit = 1 << 20
    /// For a request to arrive whole, and between two.
    private static let patience = TimeAmount.seconds(60)

    private let responder: any RequestResponder
    private let metrics: Metrics
    private let isSecure: Bool
    /// What stands in front of this handler and goes when HTTP is over, first to last.
    private let codec: [any RemovableChannelHandler]
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLong = false
    private var timer: Scheduled<Void>?
    private var isAnswering = false
    /// Answers on their way out.
    private var unsent = 0
    /// The other side has said all it had to say, and only listens.
    private var inputIsOver = false

    init(
        responder: any RequestResponder,
        metrics: Metrics,
        isSecure: Bool,
        codec: [any RemovableChannelHandler]
    ) {
        self.responder = responder
        self.metrics = metrics
        self.isSecure = isSecure
        self.codec = codec
    }

    func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { wait(context) } }
    func channelActive(context: ChannelHandlerContext) {
        wait(context)
        context.fireChannelActive()
    }
    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }
    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputIsOver = true
            if !isAnswering && unsent == 0 { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError && !isAnswering {
            metrics.count(.refusedRequests)
            answer(.text(.badRequest, "this is not HTTP"), keepsAlive: false, context)
        } else {
            context.close(promise: nil)
        }
    }

    /// A connection on which nothing happens is not kept.
    private func wait(_ context: ChannelHandlerContext) {
        timer?.cancel()
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: HTTPHandler.patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLong = false
        case .body(let bytes):
            isTooLong = isTooLong || body.count + bytes.readableBytes > HTTPHandler.bodyLimit
            if !isTooLong { body += bytes.readableBytesView }
        case .end:
            guard let head else { return }
            self.head = nil
            metrics.count(.requests)
            timer?.cancel()
            isAnswering = true
            guard !isTooLong else {
                metrics.count(.refusedRequests)
                let request = IncomingRequest(head: head, body: [], isSecure: isSecure)
                return answer(responder.refuse(tooLong: request), keepsAlive: false, context)
            }
            dispatch(
                head,
                IncomingRequest(
                    head: head,
                    body: body,
                    isSecure: isSecure,
                    source: context.channel.remoteAddress?.ipAddress
                ),
                context
            )
            body = []
        }
    }

    private func dispatch(_ head: HTTPRequestHead, _ request: IncomingRequest, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let responder = responder
        let keepsAlive = head.isKeepAlive
        if head.headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            head.method == .GET, let key = head.headers.first(name: "Sec-WebSocket-Key"),
            head.headers.first(name: "Sec-WebSocket-Version") == "13"
        {
            channel.eventLoop.makeFutureWithTask { await responder.upgrade(request) }
                .whenSuccess { answer in
                    switch answer {
                    case .accept(let makeLink): self.upgrade(channel, key, makeLink())
                    case .refuse(let response):
                        self.metrics.count(.refusedRequests)
                        self.answer(response, keepsAlive: false, channel)
                    }
                }
        } else {
            channel.eventLoop.makeFutureWithTask { await responder.respond(to: request) }
                .whenSuccess { self.answer($0, keepsAlive: keepsAlive, channel) }
        }
    }

    private func answer(_ response: OutgoingResponse, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        answer(response, keepsAlive: keepsAlive, context.channel)
    }

    private func answer(_ response: OutgoingResponse, keepsAlive: Bool, _ channel: any Channel) {
        guard channel.isActive else { return }
        isAnswering = false
        unsent += 1
        let keepsAlive = keepsAlive && !inputIsOver
        var headers = response.headers
        headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count + (response.secret?.count ?? 0)))
        if !keepsAlive { headers.replaceOrAdd(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: response.body))), promise: nil)
        let secret = response.secret?.buffer()
        if let secret { channel.write(HTTPServerResponsePart.body(.byteBuffer(secret)), promise: nil) }
        let promise = channel.eventLoop.makePromise(of: Void.self)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: promise)
        // For the answer to be taken, and for the next request.
        timer?.cancel()
        timer = channel.eventLoop.scheduleTask(in: HTTPHandler.patience) { channel.close(promise: nil) }
        promise.futureResult.whenComplete { _ in
            // It is with the system now, or will never be sent.
            if let secret { SecretBody.wipe(secret) }
            self.unsent -= 1
            if keepsAlive {
                if self.inputIsOver && !self.isAnswering && self.unsent == 0 { channel.close(promise: nil) }
            } else {
                // An unread rest of the request would turn the close into a reset, and the answer be lost: the other side
                // gets a moment to read it.
                channel.close(mode: .output, promise: nil)
                channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
            }
        }
    }

    private func upgrade(_ channel: any Channel, _ key: String, _ link: any Link) {
        // A half-closed WebSocket is a dead one.
        guard channel.isActive, !inputIsOver else { return channel.close(promise: nil) }
        var headers = HTTPHeaders()
        headers.add(name: "Upgrade", value: "websocket")
        headers.add(name: "Connection", value: "Upgrade")
        headers.add(name: "Sec-WebSocket-Accept", value: WebSocketConnection.accept(for: key))
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        let pipeline = channel.pipeline.syncOperations
        do {
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
            try pipeline.addHandler(SocketHandler(link: link), position: .after(self))
        } catch {
            return channel.close(promise: nil)
        }
        // The decoder hands on what came behind the request already.
        for handler in [self] + codec.reversed() {
            pipeline.removeHandler(handler, promise: nil)
        }
    }
}
