// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyTransport
internal import NIOCore

/// What goes out over a WebSocket of the server: messages that are passed on piece by piece, the relay's own between them,
/// and pings and their answers between the frames (RFC 6455 §5.4, §5.5).
final class SocketWriter {
    /// So many bytes are handed to the channel at the latest; it counts them then.
    private static let outgoingLimit = 64 * 1024

    private let context: ChannelHandlerContext
    /// What goes out with the next flush: headers and payloads in one piece, so that TLS makes few records of them.
    private var outgoing = ByteBuffer()
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
        handOn()
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

    /// Answers a ping. A peer that pings and never reads must not make the answers pile up here.
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
        outgoing.writeBytes(WebSocketHeader(opcode, length: payload.readableBytes).bytes)
        outgoing.writeImmutableBuffer(payload)
        written()
    }

    private func written() {
        hasUnflushed = true
        if outgoing.readableBytes >= SocketWriter.outgoingLimit { handOn() }
    }

    private func handOn() {
        guard outgoing.readableBytes > 0 else { return }
        context.write(NIOAny(outgoing), promise: nil)
        outgoing = ByteBuffer()
    }

    // MARK: What is passed on

    /// A frame begins.
    func passHeader(_ header: WebSocketHeader) {
        isMidMessage = true
        rest = header.length
        outgoing.reserveCapacity(minimumWritableBytes: min(header.length, SocketWriter.outgoingLimit) + 16)
        outgoing.writeBytes(header.bytes)
        written()
    }

    /// More of the frame, which still has the mask that it came with.
    func passPayload(_ bytes: UnsafeRawBufferPointer, _ mask: UInt32, _ offset: Int) {
        rest -= bytes.count
        outgoing.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { target in
            WebSocketHeader.apply(mask, offset: offset, bytes, to: target)
            return bytes.count
        }
        written()
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
