// SPDX-License-Identifier: Apache-2.0

internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTransport

/// A connection to a port of this machine or another one, from the dialling on. Nothing here waits.
final class PortConnection: MuxConnection {
    private var dial: PortDial?
    /// What is dialled now; the socket has it once it is connected.
    private var dialled: Int32
    let socket = SocketConnection()

    /// - Throws: why it cannot be reached.
    init(_ target: PortTarget) throws(PortTargetError) {
        var dial = PortDial(target)
        dialled = try dial.start()
        self.dial = consume dial
    }

    func add(to waits: inout PollSet, reads: Bool) {
        if socket.isConnected { return socket.add(to: &waits, reads: reads) }
        waits.add(.writable(dialled))
        waits.wake(after: Int64(dial?.timeout ?? 0))
    }

    /// Dials and writes as far as that goes.
    ///
    /// - Throws: `unreachable`, `denied`.
    func advance() throws(PortTargetError) {
        if !socket.isConnected {
            switch try dial?.finish() {
            case .waiting(let next): dialled = next
            case .connected(let connected):
                socket.connect(owning: connected)
                dial = nil
            case nil: return
            }
        }
        socket.advance()
    }
}
