// SPDX-License-Identifier: Apache-2.0

import Glibc
import LatchkeyTransport
import Testing

@testable import LatchkeySessionProtocol

/// Both ends of several connections in one stream, each joined to a pair of sockets.
struct MultiplexerTests {
    private struct Carrier: MuxCarrier {
        var bytes: [UInt8] = []
        var room = 1 << 20

        mutating func send(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
            var buffer = [UInt8](repeating: 0, count: capacity)
            let count = buffer.withUnsafeMutableBytes { fill($0) }
            bytes += buffer[..<count]
            return count
        }
    }

    private static func pair() -> (near: SocketConnection, far: Int32) {
        var ends: [Int32] = [0, 0]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
        return (SocketConnection(owning: ends[0]), ends[1])
    }

    private static func read(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? "nothing" : String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static func write(_ descriptor: Int32, _ text: String) {
        _ = send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL))
    }

    /// A client's end and an agent's, and the outer ends of one connection.
    private struct World {
        var (client, agent) = (Multiplexer<SocketConnection>(), Multiplexer<SocketConnection>())
        let (local, remote): (Int32, Int32)
        private let remoteNear: SocketConnection

        init(closesEachWay: Bool) throws {
            client.closesEachWay = closesEachWay
            agent.closesEachWay = closesEachWay
            let (near, far) = MultiplexerTests.pair()
            client.open(near)
            local = far
            (remoteNear, remote) = MultiplexerTests.pair()
            try turn()
        }

        mutating func turn() throws {
            for _ in 0..<8 {
                var (up, down) = (Carrier(), Carrier())
                client.pump(into: &up)
                agent.append(up.bytes)
                _ = try agent.takeFrames { [remoteNear] in remoteNear }
                agent.pump(into: &down)
                client.append(down.bytes)
                _ = try client.takeFrames(nil)
            }
            var rest = Carrier()
            client.pump(into: &rest)
            agent.append(rest.bytes)
        }
    }

    @Test func `each direction ends by itself where both ends know how`() throws {
        var world = try World(closesEachWay: true)
        MultiplexerTests.write(world.local, "question")
        shutdown(world.local, Int32(SHUT_WR))
        try world.turn()
        #expect(Self.read(world.remote) == "question")
        #expect(Self.read(world.remote) == "")
        #expect(Self.read(world.local) == "nothing")
        MultiplexerTests.write(world.remote, "answer")
        close(world.remote)
        try world.turn()
        #expect(Self.read(world.local) == "answer")
        #expect(Self.read(world.local) == "")
        try world.turn()
        #expect(world.client.streamCount == 0 && world.agent.streamCount == 0)
    }

    @Test func `an official end takes the end of one direction for that of both`() throws {
        var world = try World(closesEachWay: false)
        MultiplexerTests.write(world.local, "question")
        shutdown(world.local, Int32(SHUT_WR))
        try world.turn()
        #expect(Self.read(world.remote) == "question")
        #expect(Self.read(world.remote) == "")
        try world.turn()
        #expect(Self.read(world.local) == "")
    }

    @Test(arguments: [false, true])
    func `who takes nothing any more is still heard`(closesEachWay: Bool) throws {
        var world = try World(closesEachWay: closesEachWay)
        // It says why, and goes without having read all.
        MultiplexerTests.write(world.remote, String(repeating: "no", count: 2000))
        shutdown(world.remote, Int32(SHUT_RD))
        MultiplexerTests.write(world.local, "a long question")
        var narrow = Carrier(room: 64)
        world.client.pump(into: &narrow)
        try world.turn()
        close(world.remote)
        try world.turn()
        #expect(Self.read(world.local) == String(repeating: "no", count: 2000))
    }

    @Test func `an end that opens what is not for it to open holds up nothing`() throws {
        var client = Multiplexer<SocketConnection>()
        for stream in 0..<2000 as Range<UInt32> { client.append(Smux.frame(.open, stream * 2)) }
        for _ in 0..<20 {
            _ = try client.takeFrames(nil)
            var carrier = Carrier()
            client.pump(into: &carrier)
        }
        #expect(try client.takeFrames(nil))
        #expect(client.answersWaiting == 0 && !client.takeFailure())
    }

    @Test func `connections that are not over yet count as connections`() throws {
        var agent = Multiplexer<SocketConnection>()
        var made = 0
        for stream in 0..<1500 as Range<UInt32> {
            // Opened, written to and closed: nobody at the other side reads it.
            agent.append(Smux.frame(.open, stream) + Smux.frame(.data, stream, [1]) + Smux.frame(.close, stream))
            _ = try agent.takeFrames {
                made += 1
                return SocketConnection()
            }
            var carrier = Carrier()
            agent.pump(into: &carrier)
            while agent.takeFailure() {}
        }
        #expect(made == SmuxReader.streamLimit)
    }
}
