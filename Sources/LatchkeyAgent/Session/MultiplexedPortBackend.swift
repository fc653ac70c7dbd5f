// SPDX-License-Identifier: Apache-2.0

internal import LatchkeySessionProtocol
internal import LatchkeySystem

/// A port with as many connections at once as the client opens, each a stream of smux.
final class MultiplexedPortBackend: SessionBackend {
    private let target: PortTarget
    private var streams = Multiplexer<PortConnection>()
    private var extensions: Handshake.Extensions?
    let isOver = false

    /// How many frames wait for room.
    var answersWaiting: Int { streams.answersWaiting }

    init(_ target: PortTarget) { self.target = target }

    func add(to waits: inout PollSet, sends: Bool) { streams.add(to: &waits, reads: sends) }

    func agreed(on extensions: Handshake.Extensions?) {
        self.extensions = extensions
        streams.closesEachWay = extensions?.halfClose == true
    }

    /// The client before had its own streams, under the same numbers.
    func takenOver(by channel: inout DataChannel) {
        streams = Multiplexer()
        streams.closesEachWay = extensions?.halfClose == true
    }

    func accept(_ delivery: StreamReceiver.Delivery) throws(SessionBackendFailure) -> Bool {
        guard delivery.payloadType == PayloadType.output.rawValue else { return true }
        guard try takeFrames() else { return false }
        streams.append(delivery.payload)
        _ = try takeFrames()
        return true
    }

    private func takeFrames() throws(SessionBackendFailure) -> Bool {
        do throws(Smux.Fault) { return try streams.takeFrames { [target] in try PortConnection(target) } } catch {
            throw SessionBackendFailure(reason: "the client's multiplexed stream is damaged (\(error))")
        }
    }

    func pump(into channel: inout DataChannel) throws(SessionBackendFailure) {
        streams.pump(into: &channel)
        var mayHaveMore = true
        while mayHaveMore {
            let before = answersWaiting
            while channel.room > 0, streams.takeFailure() {
                channel.send(.flag, Flag.connectToPortError.payload)
            }
            streams.flush(into: &channel)
            // What was sent makes room for what the client's frames still ask for.
            mayHaveMore = try !takeFrames() && answersWaiting < before
        }
    }
}
