// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyTransport
internal import NIOCore

typealias SocketOpcode = WebSocketHeader.Opcode

/// What a WebSocket is for.
protocol ChannelDelegate: AnyObject {
    /// Whether messages are judged by their beginning; if not, all are put together.
    var passesMessages: Bool { get }
    /// The most bytes of a message that is put together.
    var gatherLimit: Int { get }
    var holdsReads: Bool { get }
    func opened(_ handler: SocketHandler)
    func closed(_ handler: SocketHandler)
    /// - Parameters:
    ///   - prefix: the first bytes of a message, 120 if it has so many.
    ///   - size: how many it has in all; nil if it comes in several frames.
    func classify(_ prefix: UnsafeRawBufferPointer, size: Int?) -> Verdict
    func received(_ opcode: SocketOpcode, _ message: ByteBuffer)
    /// The other side did something that it must not.
    func refused(_ why: String)
    func flushPartner()
    func writabilityChanged()
}

/// What becomes of a message.
enum Verdict {
    case pass(SocketHandler)
    /// It is for the relay: ``ChannelDelegate/received(_:_:)`` gets it whole.
    case gather
    case drop
    /// The connection ends over it.
    case refuse(String)
}
