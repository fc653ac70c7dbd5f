// SPDX-License-Identifier: Apache-2.0

package import Glibc
package import LatchkeyTransport

/// What a stream of a ``Multiplexer`` is joined to on its machine. Nothing here waits.
package protocol MuxConnection: AnyObject {
    var socket: SocketConnection { get }

    /// What to wait for; `reads` says whether what it says would be taken now.
    func interest(reads: Bool) -> pollfd

    /// Milliseconds until ``advance()`` is wanted though no descriptor says so; nil for never.
    var waitTime: Int64? { get }

    /// Connects and writes as far as that goes.
    ///
    /// - Throws: why it cannot be connected.
    func advance() throws
}

extension SocketConnection: MuxConnection {
    package var socket: SocketConnection { self }
}
