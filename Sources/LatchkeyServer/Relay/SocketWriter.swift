// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyTransport
internal import NIOCore

/// What goes out over a WebSocket of the server: messages that are passed on piece by piece, the relay's own between them,
/// and pings and their answers between the frames (RFC 6455 §5.4, §5.5).
final class SocketWriter {
    private let context: ChannelHandlerContext
    private var hasUnflushed = false
    private var closeWasSent = false
    /// A message of another link is on its way out and not complete: what the relay itself has to say must wait.
    private var isMidMessage = false
    private var waiting: [(SocketOpcode, ByteBuffer)] = []
    /// Bytes that the frame on its way out still lacks. Not even a ping may stand between them.
    private var rest = 0
    /// The answer to the last ping, if it could not go out yet: one answer may stand for several (§5.5.3).
    private var pong: ByteBuffer?
    private var pingIsDue = false

    init(_ context: ChannelHandlerContext) { self.context = context }

    var isWritable: Bool { context.channel.isWritable }

    func flush() {
        guard hasUnflushed else { return }
        hasUnflushed = false
        context.flush()
    }

    // MARK: The relay's own

    /// Sends a message, after the one that is being passed on.
    func send(_ opcode: SocketOpcode, _ payload: ByteBuffer) {
        if isMidMessage { waiting.append((opcode, payload)) } else { write(opcode, payload) }
    }

    func ping() {
        guard rest == 0 else {
            pingIsDue = true
            return
        }
        pingIsDue = false
        write(.ping, ByteBuffer(string: "keepalive"))
        flush()
    }

    /// Answers a ping. Whoever asks and never reads must not make the answers pile up here.
    func answer(_ ping: ByteBuffer) {
        if rest == 0, isWritable { write(.pong, ping) } else { pong = ping }
    }

    /// Says goodbye, once.
    func close(_ payload: ByteBuffer) {
        guard !closeWasSent else { return }
        closeWasSent = true
        write(.close, payload)
        flush()
    }

    func writabilityChanged() {
        guard isWritable, pong != nil else { return }
        catchUp()
        flush()
    }

    /// Sends what had to wait for the end of a frame, or for the other side to read.
    private func catchUp() {
        guard rest == 0 else { return }
        if pingIsDue { ping() }
        guard isWritable, let payload = pong else { return }
        pong = nil
        write(.pong, payload)
    }

    private func write(_ opcode: SocketOpcode, _ payload: ByteBuffer) {
        var frame = ByteBuffer(bytes: WebSocketHeader(opcode, length: payload.readableBytes).bytes)
        frame.writeImmutableBuffer(payload)
        write(frame)
    }

    private func write(_ bytes: ByteBuffer) {
        context.write(NIOAny(bytes), promise: nil)
        hasUnflushed = true
    }

    // MARK: What is passed on

    /// A frame begins.
    func passHeader(_ header: WebSocketHeader) {
        isMidMessage = true
        rest = header.length
        write(ByteBuffer(bytes: header.bytes))
    }

    func passPayload(_ bytes: ByteBuffer) {
        rest -= bytes.readableBytes
        write(bytes)
        catchUp()
    }

    /// The message is complete.
    func passEnd() {
        isMidMessage = false
        let messages = waiting
        waiting = []
        for (opcode, payload) in messages { write(opcode, payload) }
    }
}
