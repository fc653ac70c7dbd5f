// SPDX-License-Identifier: Apache-2.0

internal import LatchkeySessionProtocol
internal import LatchkeySystem

/// What a session is about on this machine: a process, or connections to a port. Nothing here waits.
protocol SessionBackend: AnyObject {
    /// Adds what there is to wait for; `sends` says whether output would be taken now.
    func add(to waits: inout PollSet, sends: Bool)

    /// Takes what the client sent.
    ///
    /// - Returns: false if there is no room for it now; it is offered again.
    func accept(_ delivery: StreamReceiver.Delivery) throws(SessionBackendFailure) -> Bool

    /// Moves output into the channel, as far as it has room.
    func pump(into channel: inout DataChannel) throws(SessionBackendFailure)

    /// Whether all output has gone into the channel, and no more will come. Input is of no use then, and not offered.
    var isOver: Bool { get }

    /// Another client is there now. Nothing that the one before was in the middle of may go on with it.
    func takenOver(by channel: inout DataChannel) throws(SessionBackendFailure)

    /// What the client can do is known now.
    func agreed(on extensions: Handshake.Extensions?)
}

extension SessionBackend {
    func agreed(on extensions: Handshake.Extensions?) {}
}
