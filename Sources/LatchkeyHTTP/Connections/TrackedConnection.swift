// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// One connection, as ``ConnectionLimiter`` counts it.
///
/// Confined to the limiter's event loop but for ``authenticate()``.
package final class TrackedConnection: @unchecked Sendable {
    enum State {
        /// It has not sent a whole request since it was opened or its last one was answered, or no token since it became a
        /// channel.
        case silent
        /// It waits for an answer.
        case waiting
        /// It has shown who it is; only the limit of all connections is for it.
        case authenticated
        /// It is closed, or about to be.
        case closed
    }

    typealias ID = UInt64

    /// No other connection ever has it.
    let id: ID
    let channel: any Channel
    let source: ConnectionSource
    private let limiter: ConnectionLimiter
    /// Only the limiter changes what follows.
    var state = State.silent
    /// Grows with each change of state, among all connections: those that changed first have the lowest.
    var stamp: UInt64
    /// Bytes of requests that are in memory for it.
    var bytes = 0

    init(_ channel: any Channel, _ source: ConnectionSource, _ stamp: UInt64, _ limiter: ConnectionLimiter) {
        id = stamp
        self.channel = channel
        self.source = source
        self.stamp = stamp
        self.limiter = limiter
    }

    /// A whole request has come, or it was answered.
    func setWaiting(_ isWaiting: Bool) { limiter.move(self, to: isWaiting ? .waiting : .silent) }

    /// How many bytes of its requests are in memory now. Where that is too much for all together, the connections that have
    /// most are closed.
    func setBytes(_ count: Int) { limiter.account(self, count) }

    /// The other end has shown who it is. From any thread.
    package func authenticate() {
        if channel.eventLoop.inEventLoop {
            limiter.move(self, to: .authenticated)
        } else {
            channel.eventLoop.execute { self.limiter.move(self, to: .authenticated) }
        }
    }
}
