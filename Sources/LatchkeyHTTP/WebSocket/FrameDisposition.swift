// SPDX-License-Identifier: Apache-2.0

/// What becomes of a message.
package enum FrameDisposition {
    case pass(SocketHandler)
    /// It is for the relay: ``ChannelDelegate/received(_:_:)`` gets it whole.
    case gather
    case drop
    /// The connection ends over it.
    case refuse(String)
}
