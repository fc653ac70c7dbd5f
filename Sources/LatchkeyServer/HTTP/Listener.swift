// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// What takes connections, with TLS, without, or whichever they begin with.
enum Listener {
    enum Security: Sendable {
        case plain
        case secure(SecureContext)
        /// By the first byte: for a machine's own programs.
        case either(SecureContext)
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
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            // Who has said all there is to say may still wait for the answer; HTTPHandler ends what is over.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Of more, swift-nio would keep a buffer each.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: FreshBuffers())
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let sync = channel.pipeline.syncOperations
                    switch security {
                    case .plain: try addHTTP(to: sync, isSecure: false, responder, metrics)
                    case .secure(let context):
                        try addTLS(to: sync, context)
                        try addHTTP(to: sync, isSecure: true, responder, metrics)
                    case .either(let context):
                        try sync.addHandler(SchemeHandler(context: context, responder: responder, metrics: metrics))
                    }
                }
            }
            .bind(host: host, port: port).get()
    }

    static func addTLS(to pipeline: ChannelPipeline.SynchronousOperations, _ context: SecureContext) throws {
        guard let handler = SecureHandler(context) else { throw ChannelError.operationUnsupported }
        try pipeline.addHandler(handler)
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

    private let context: SecureContext
    private let responder: any RequestResponder
    private let metrics: Metrics
    private var timer: Scheduled<Void>?

    init(context: SecureContext, responder: any RequestResponder, metrics: Metrics) {
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
            if first == 22 { try Listener.addTLS(to: pipeline, self.context) }
            try Listener.addHTTP(to: pipeline, isSecure: first == 22, responder, metrics)
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
        context.fireChannelReadComplete()
        pipeline.removeHandler(self, promise: nil)
    }
}

/// Buffers for what comes in, none of which is kept, since most connections idle: swift-nio would keep those of a burst
/// for as long as its connection lives. A new one costs far less than the system's call that fills it.
private struct FreshBuffers: RecvByteBufferAllocator {
    private static let size = 128 * 1024
    /// The first one is kept (`NIOPooledRecvBufferAllocator`), so it is small.
    private static let firstSize = 512
    private var isFirst = true

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: isFirst ? FreshBuffers.firstSize : FreshBuffers.size)
    }

    /// - Returns: true, so that the first one is not used again.
    mutating func record(actualReadBytes: Int) -> Bool {
        isFirst = false
        return true
    }
}
