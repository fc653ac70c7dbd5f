// SPDX-License-Identifier: Apache-2.0

package import LatchkeySystem
package import LatchkeyTransport

/// What a stream of a ``Multiplexer`` is joined to on its machine. Nothing here waits.
package protocol MuxConnection: AnyObject {
    var socket: SocketConnection { get }

    /// Adds what there is to wait for; `reads` says whether what it says would be taken now.
    func add(to waits: inout PollSet, reads: Bool)

    /// Connects and writes as far as that goes.
    ///
    /// - Throws: why it cannot be connected.
    func advance() throws
}

extension SocketConnection: MuxConnection {
    package var socket: SocketConnection { self }
}
