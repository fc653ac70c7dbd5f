// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// What takes connections, with TLS, without, or whichever they begin with.
enum Listener {
    enum Security: Sendable {
        case plain
        case secure(NIOSSLContext)
        /// By the first byte: for a machine's own programs.
        case either(NIOSSLContext)
    }

    /// Listens.
    ///
    /// - Throws: the system's error, when the port is taken and the like.
    static func bind(
        host: String,
        port: Int,
        security: Security,
        responder: any RequestResponder,
        metrics: Metrics,
        loop: any EventLoop
    ) async throws -> any Channel {
        try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            // Who has said all there is to say may still wait for the answer; HTTPHandler ends what is over.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            // A connection that idles after a burst keeps what the burst needed, so this is the most it keeps.
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 64 * 1024)
            )
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let sync = channel.pipeline.syncOperations
                    switch security {
                    case .plain: try addHTTP(to: sync, isSecure: false, responder, metrics)
                    case .secure(let context):
                        try sync.addHandler(NIOSSLServerHandler(context: context))
                        try addHTTP(to: sync, isSecure: true, responder, metrics)
                    case .either(let context):
                        try sync.addHandler(SchemeHandler(context: context, responder: responder, metrics: metrics))
                    }
                }
            }
            .bind(host: host, port: port).get()
    }

    static func addHTTP(
        to pipeline: ChannelPipeline.SynchronousOperations,
        isSecure: Bool,
        _ responder: any RequestResponder,
        _ metrics: Metrics
    ) throws {
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let pipelining = HTTPServerPipelineHandler()
        try pipeline.addHandlers([encoder, decoder, pipelining])
        try pipeline.addHandler(
            HTTPHandler(
                responder: responder,
                metrics: metrics,
                isSecure: isSecure,
                codec: [encoder, decoder, pipelining]
            )
        )
    }
}

/// Looks at the first byte of a connection: 22 begins a TLS handshake (RFC 8446 §5.1), and no HTTP request.
private final class SchemeHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private let context: NIOSSLContext
    private let responder: any RequestResponder
    private let metrics: Metrics
    private var timer: Scheduled<Void>?

    init(context: NIOSSLContext, responder: any RequestResponder, metrics: Metrics) {
        self.context = context
        self.responder = responder
        self.metrics = metrics
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
            if first == 22 { try pipeline.addHandler(NIOSSLServerHandler(context: self.context)) }
            try Listener.addHTTP(to: pipeline, isSecure: first == 22, responder, metrics)
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
        context.fireChannelReadComplete()
        pipeline.removeHandler(self, promise: nil)
    }
}
