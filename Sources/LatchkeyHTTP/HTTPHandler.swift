// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyMetrics
internal import LatchkeyTransport
internal import NIOCore
internal import NIOHTTP1

/// A connection that speaks HTTP: puts requests together, has them answered one after the other, and turns the connection
/// into a WebSocket where that is asked for and granted.
///
/// The next request is looked at when the last answer has left: what a connection has in memory is one request, one answer,
/// and what was read with the request (``RequestGate``).
///
/// Confined to its channel's event loop.
final class HTTPHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The most bytes of a body.
    static let bodyLimit = 1 << 20
    /// The same where the head names no known identity. Most signatures cover the body, and can be verified with it only. So the
    /// name may be false, and all bodies together have a limit as well (``ConnectionLimits/unauthenticatedBytes``).
    static let unauthenticatedBodyLimit = 64 * 1024
    /// So much of a longer one is read before it is refused.
    private static let discardLimit = 16 << 20
    /// The most bytes of a head, and its most fields.
    static let headLimit = 32 * 1024
    static let fieldLimit = 100
    /// For a request to arrive whole, and for each piece of an answer to be taken.
    private static let timeout = TimeAmount.seconds(60)
    /// The pieces in which an answer is sent.
    private static let chunkSize = 64 * 1024
    /// So much of an answer is handed to the connection at once.
    private static let burstSize = 1 << 20

    /// What comes in, in order.
    private enum Event {
        case part(HTTPServerRequestPart)
        case fault(any Error)
        case inputClosed
    }

    private enum State {
        case reading
        /// A request waits for its answer, or the answer for the other side to take it.
        case answering
        /// Nothing more is answered.
        case closing
    }

    private let service: HTTPService
    /// What stands before this handler and goes when HTTP is over, first to last.
    private let codec: [any RemovableChannelHandler]
    private let gate: RequestGate
    private var state = State.reading
    /// What the decoder made of the bytes behind the request at hand.
    private var waiting = CircularBuffer<Event>()
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var bodyLimit = HTTPHandler.unauthenticatedBodyLimit
    /// Bytes of it so far, kept or not.
    private var bodySize = 0
    private var timer: Scheduled<Void>?
    /// The other side has said all it had to say, and only listens.
    private var inputIsOver = false

    init(_ service: HTTPService, gate: RequestGate, codec: [any RemovableChannelHandler]) {
        self.service = service
        self.gate = gate
        self.codec = codec
    }

    private var connection: TrackedConnection? { service.connection }

    func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { startTimer(context.channel) } }
    func channelActive(context: ChannelHandlerContext) {
        startTimer(context.channel)
        context.fireChannelActive()
    }
    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }
    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    /// A connection on which nothing moves is not kept.
    private func startTimer(_ channel: any Channel) {
        timer?.cancel()
        timer = channel.eventLoop.scheduleTask(in: HTTPHandler.timeout) { channel.close(promise: nil) }
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        handle(.part(unwrapInboundIn(data)), context.channel)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { handle(.inputClosed, context.channel) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError { handle(.fault(error), context.channel) } else { context.close(promise: nil) }
    }

    private func handle(_ event: Event, _ channel: any Channel) {
        switch state {
        case .closing: break
        case .answering: waiting.append(event)
        case .reading:
            switch event {
            case .part(let part): received(part, channel)
            case .fault(let error): received(fault: error, channel)
            case .inputClosed:
                inputIsOver = true
                channel.close(promise: nil)
            }
        }
    }

    private func received(fault error: any Error, _ channel: any Channel) {
        service.metrics.refusedRequests.increment()
        let isLong = error as? HTTPParserError == .headerOverflow
        answer(
            isLong
                ? .text(.requestHeaderFieldsTooLarge, "the head is too long") : .text(.badRequest, "this is not HTTP"),
            keepsAlive: false,
            channel
        )
    }

    private func received(_ part: HTTPServerRequestPart, _ channel: any Channel) {
        switch part {
        case .head(let head): received(head, channel)
        case .body(let bytes):
            bodySize += bytes.readableBytes
            if bodySize <= bodyLimit { body += bytes.readableBytesView } else { body = [] }
            if bodySize > HTTPHandler.discardLimit { refuseBody(channel) }
        case .end:
            guard let head else { return }
            guard bodySize <= bodyLimit else { return refuseBody(channel) }
            self.head = nil
            let body = body
            self.body = []
            service.metrics.requests.increment()
            timer?.cancel()
            state = .answering
            gate.hold()
            connection?.setWaiting(true)
            dispatch(head, service.request(head, .whole(body), channel), channel)
        }
    }

    private func received(_ head: HTTPRequestHead, _ channel: any Channel) {
        self.head = head
        body = []
        bodySize = 0
        guard connection?.state != .authenticated else {
            bodyLimit = HTTPHandler.bodyLimit
            return
        }
        bodyLimit = HTTPHandler.unauthenticatedBodyLimit
        let length = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
        guard length > bodyLimit || head.headers.contains(name: "Transfer-Encoding"),
            head.headers.contains(name: "Authorization")
        else { return }
        guard !service.responder.namesSigner(service.request(head, .whole([]), channel)) else {
            bodyLimit = HTTPHandler.bodyLimit
            return
        }
        guard let digest = head.headers.first(name: "X-Amz-Content-SHA256") else { return }
        // The signature covers the body's digest, so the head is enough to verify it.
        gate.hold()
        let request = service.request(head, .announced(digest: digest), channel)
        let responder = service.responder
        channel.eventLoop.makeFutureWithTask { await responder.isAuthenticated(head: request) }
            .whenSuccess { isAuthenticated in
                if isAuthenticated {
                    self.bodyLimit = HTTPHandler.bodyLimit
                    self.connection?.authenticate()
                }
                self.gate.release()
            }
    }

    /// Once the body has come, since most clients read no answer before they have sent all; but not for ever.
    private func refuseBody(_ channel: any Channel) {
        guard let head else { return }
        self.head = nil
        service.metrics.refusedRequests.increment()
        let refusal = service.responder.refuse(service.request(head, .whole([]), channel), longerThan: bodyLimit)
        answer(refusal, keepsAlive: false, channel)
    }

    private func dispatch(_ head: HTTPRequestHead, _ request: IncomingRequest, _ channel: any Channel) {
        let responder = service.responder
        guard HTTPHandler.asksForWebSocket(head), let key = head.headers.first(name: "Sec-WebSocket-Key") else {
            // The decoder takes what follows such a request for another protocol's, and keeps all of it.
            let isUpgrade = head.method == .CONNECT || head.headers.contains(name: "Upgrade")
            let keepsAlive = head.isKeepAlive && !isUpgrade
            return channel.eventLoop.makeFutureWithTask { await responder.respond(to: request) }
                .whenSuccess { self.answer($0, to: head.method, keepsAlive: keepsAlive, channel) }
        }
        // No signature is verified on the event loop. A request without one wakes no other thread.
        guard responder.hasCredentials(request) else {
            return upgrade(channel, key, responder.upgrade(request))
        }
        channel.eventLoop.makeFutureWithTask { responder.upgrade(request) }
            .whenSuccess { self.upgrade(channel, key, $0) }
    }

    /// RFC 6455 §4.2.1.
    private static func asksForWebSocket(_ head: HTTPRequestHead) -> Bool {
        head.method == .GET
            && head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
            && head.headers.first(name: "Sec-WebSocket-Version") == "13"
    }

    // MARK: Out

    private func answer(
        _ response: OutgoingResponse,
        to method: HTTPMethod = .GET,
        keepsAlive: Bool,
        _ channel: any Channel
    ) {
        guard channel.isActive else { return }
        if keepsAlive {
            state = .answering
        } else {
            state = .closing
            waiting.removeAll()
            gate.discard()
        }
        let secret = response.secret?.buffer()
        var headers = response.headers
        headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count + (secret?.readableBytes ?? 0)))
        // By it clients see that their clocks are wrong, which makes signatures fail (RFC 9110 §6.6.1).
        headers.replaceOrAdd(name: "Date", value: SigningTime(Date()).httpText)
        if !keepsAlive { headers.replaceOrAdd(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        startTimer(channel)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        // HEAD is answered with the length of what GET would be, and without it (RFC 9110 §9.3.2).
        let isHeadOnly = method == .HEAD
        send(ByteBuffer(bytes: isHeadOnly ? [] : response.body), channel) {
            self.end(isHeadOnly ? nil : secret, keepsAlive: keepsAlive, channel)
        }
    }

    /// Sends a body. Of a long one so much at a time as a connection may hold, the next when that was taken: all of it at once
    /// would lie about a second time in its encrypted form, and keep the event loop from all others.
    private func send(_ body: ByteBuffer, _ channel: any Channel, then finish: @escaping @Sendable () -> Void) {
        var rest = body
        var last: EventLoopFuture<Void>?
        var room = HTTPHandler.burstSize
        while rest.readableBytes > 0, room > 0,
            let chunk = rest.readSlice(length: min(rest.readableBytes, HTTPHandler.chunkSize))
        {
            room -= chunk.readableBytes
            let taken = channel.eventLoop.makePromise(of: Void.self)
            taken.futureResult.whenSuccess { self.startTimer(channel) }
            channel.write(HTTPServerResponsePart.body(.byteBuffer(chunk)), promise: taken)
            last = taken.futureResult
        }
        guard rest.readableBytes > 0, let last else { return finish() }
        channel.flush()
        let remaining = rest
        // Where the connection is gone, there is only the end to come to.
        last.whenComplete { _ in channel.isActive ? self.send(remaining, channel, then: finish) : finish() }
    }

    private func end(_ secret: ByteBuffer?, keepsAlive: Bool, _ channel: any Channel) {
        if let secret { channel.write(HTTPServerResponsePart.body(.byteBuffer(secret)), promise: nil) }
        let promise = channel.eventLoop.makePromise(of: Void.self)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: promise)
        promise.futureResult.whenComplete { _ in
            // It is with the system now, or will never be sent.
            if let secret { SecretBody.wipe(secret) }
            self.answered(keepsAlive: keepsAlive, channel)
        }
    }

    private func answered(keepsAlive: Bool, _ channel: any Channel) {
        guard keepsAlive, channel.isActive else {
            // An unread rest of the request would turn the close into a reset, and the answer be lost: the other side
            // gets a moment to read it.
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
            return
        }
        connection?.setWaiting(false)
        startTimer(channel)
        state = .reading
        while state == .reading, let event = waiting.popFirst() { handle(event, channel) }
        if state == .reading { gate.next() }
    }

    private func upgrade(_ channel: any Channel, _ key: String, _ answer: UpgradeAnswer) {
        switch answer {
        case .accept(let makeLink): upgrade(channel, key, makeLink())
        case .refuse(let response):
            service.metrics.refusedRequests.increment()
            self.answer(response, keepsAlive: false, channel)
        }
    }

    private func upgrade(_ channel: any Channel, _ key: String, _ link: any ChannelDelegate) {
        // A half-closed WebSocket is a dead one.
        guard channel.isActive, !inputIsOver, !gate.inputHasEnded else { return channel.close(promise: nil) }
        var headers = HTTPHeaders()
        headers.add(name: "Upgrade", value: "websocket")
        headers.add(name: "Connection", value: "Upgrade")
        headers.add(name: "Sec-WebSocket-Accept", value: WebSocketConnection.accept(for: key))
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        // It has not shown the token yet, for which it may not take others' places.
        connection?.setWaiting(false)
        let pipeline = channel.pipeline.syncOperations
        do {
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
            try channel.syncOptions?.setOption(.recvAllocator, value: FreshBuffers.forWebSockets)
            try pipeline.addHandler(SocketHandler(link: link), position: .after(self))
        } catch {
            return channel.close(promise: nil)
        }
        // The decoder and the gate hand on what came behind the request already.
        for handler in [self] + codec.reversed() {
            pipeline.removeHandler(handler, promise: nil)
        }
    }
}
