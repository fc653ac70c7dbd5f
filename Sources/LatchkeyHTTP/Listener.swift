// SPDX-License-Identifier: Apache-2.0

package import LatchkeyMetrics
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// What takes connections, with TLS, without, or whichever they begin with.
package struct Listener: Sendable {
    /// Whether connections have TLS.
    package enum Security: Sendable {
        case plain
        case secure(ServerCertificate)
        /// By the first byte: for a machine's own programs.
        case either(ServerCertificate)
    }

    let security: Security
    let responder: any RequestResponder
    let metrics: ServerMetrics
    /// Of the event loop on which it listens.
    let limiter: ConnectionLimiter

    package init(
        security: Security,
        responder: any RequestResponder,
        metrics: ServerMetrics,
        limiter: ConnectionLimiter
    ) {
        self.security = security
        self.responder = responder
        self.metrics = metrics
        self.limiter = limiter
    }

    /// Listens.
    ///
    /// - Throws: the system's error, when the port is taken and the like.
    package func bind(host: String, port: Int, loop: any EventLoop) async throws -> any Channel {
        try await ServerBootstrap(group: loop)
            // Where the system's line of connections is full, it drops the next ones, which come back after a second: so the line
            // is as long as the system allows by default, and is emptied quickly. But not at once: a connection that is taken must
            // have a few turns to say something before so many others are there that it goes (`ConnectionLimits.unauthenticated`).
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.maxMessagesPerRead, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptHandler(limiter))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            // A client that has said all there is to say may still wait for the answer; HTTPHandler ends what is over.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Of more, swift-nio would keep a buffer each.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: FreshBuffers.forRequests)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
            .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try accept(channel) } }
            .bind(host: host, port: port).get()
    }

    /// - Throws: where there is no room for the connection, which is closed then.
    private func accept(_ channel: any Channel) throws {
        guard let connection = limiter.admit(channel) else { throw ChannelError.operationUnsupported }
        let pipeline = channel.pipeline.syncOperations
        switch security {
        case .plain: try addHTTP(to: pipeline, isSecure: false, connection)
        case .secure(let certificate):
            try Listener.addTLS(to: pipeline, certificate)
            try addHTTP(to: pipeline, isSecure: true, connection)
        case .either(let certificate):
            try pipeline.addHandler(SchemeHandler(listener: self, certificate: certificate, connection: connection))
        }
    }

    fileprivate static func addTLS(
        to pipeline: ChannelPipeline.SynchronousOperations,
        _ certificate: ServerCertificate
    ) throws {
        guard let handler = TLSHandler(certificate.context) else { throw ChannelError.operationUnsupported }
        try pipeline.addHandler(handler)
    }

    fileprivate func addHTTP(
        to pipeline: ChannelPipeline.SynchronousOperations,
        isSecure: Bool,
        _ connection: TrackedConnection
    ) throws {
        let gate = RequestGate(connection: connection)
        let encoder = HTTPResponseEncoder()
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = HTTPHandler.headLimit
        limits.maxHeaderListSize = HTTPHandler.headLimit
        limits.maxHeaderFieldCount = HTTPHandler.fieldLimit
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)
        )
        let service = HTTPService(
            responder: responder,
            metrics: metrics,
            isSecure: isSecure,
            connection: connection
        )
        try pipeline.addHandlers([gate, encoder, decoder])
        try pipeline.addHandler(HTTPHandler(service, gate: gate, codec: [gate, encoder, decoder]))
    }
}

/// Looks at the first byte of a connection: 22 begins a TLS handshake (RFC 8446 §5.1), and no HTTP request.
private final class SchemeHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private let listener: Listener
    private let certificate: ServerCertificate
    private let connection: TrackedConnection
    private var timer: Scheduled<Void>?

    init(listener: Listener, certificate: ServerCertificate, connection: TrackedConnection) {
        self.listener = listener
        self.certificate = certificate
        self.connection = connection
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: .seconds(30)) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // It ended before it began.
        if case ChannelEvent.inputClosed = event { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard let first = bytes.getInteger(at: bytes.readerIndex) as UInt8? else { return }
        let pipeline = context.pipeline.syncOperations
        do {
            if first == 22 { try Listener.addTLS(to: pipeline, certificate) }
            try listener.addHTTP(to: pipeline, isSecure: first == 22, connection)
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
        context.fireChannelReadComplete()
        pipeline.removeHandler(self, promise: nil)
    }
}
