// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem
internal import NIOCore
internal import NIOHTTP1

/// What becomes of a request that asks for a WebSocket.
package enum UpgradeAnswer: Sendable {
    /// Makes the link on the event loop.
    case accept(@Sendable () -> any ChannelDelegate)
    case refuse(OutgoingResponse)
}
