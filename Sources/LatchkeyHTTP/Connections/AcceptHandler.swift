// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOCore

/// Waits a moment where the system has no descriptor or memory for another connection. It would say so again at once, and
/// a loop that asks again and again serves no connection that is open.
///
/// Confined to the channel's event loop.
final class AcceptHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(100)
    private let limiter: ConnectionLimiter
    private var isPaused = false

    init(_ limiter: ConnectionLimiter) { self.limiter = limiter }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, AcceptHandler.isShortage(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        guard !isPaused else { return }
        isPaused = true
        limiter.makeRoom()
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: AcceptHandler.pause) {
            self.isPaused = false
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }

    /// accept(2): the process or the system has no more descriptors, or no memory for one.
    private static func isShortage(_ code: CInt) -> Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }
}
