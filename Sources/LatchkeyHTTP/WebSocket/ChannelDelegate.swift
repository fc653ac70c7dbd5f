// SPDX-License-Identifier: Apache-2.0

package import LatchkeyTransport
package import NIOCore

/// What a WebSocket message or frame is.
package typealias SocketOpcode = WebSocketHeader.Opcode

/// What a WebSocket is for.
package protocol ChannelDelegate: AnyObject {
    /// How many bytes of a message tell what becomes of it; none where all messages are put together.
    var prefixSize: Int { get }
    /// The most bytes of a message that is put together.
    var gatherLimit: Int { get }
    /// Whether nothing is to be read for the moment.
    var holdsReads: Bool { get }
    func opened(_ handler: SocketHandler)
    func closed(_ handler: SocketHandler)
    /// - Parameters:
    ///   - prefix: the first bytes of a message, ``prefixSize`` if it has so many.
    ///   - size: how many it has in all; nil if it comes in several frames.
    func classify(_ prefix: UnsafeRawBufferPointer, size: Int?) -> FrameDisposition
    func received(_ opcode: SocketOpcode, _ message: ByteBuffer)
    /// The other side did something that it must not.
    func refused(_ why: String)
    func flushPartner()
    func writabilityChanged()
}
