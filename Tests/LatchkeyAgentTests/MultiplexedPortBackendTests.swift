// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeySystem
import LatchkeyTestSupport
import LatchkeyTransport
import Testing

@testable import LatchkeyAgent
@testable import LatchkeySessionProtocol

/// What a client can make an agent hold for it.
struct MultiplexedPortBackendTests {
    @Test func `a client that opens what cannot be opened, and takes no answer, is held up`() throws {
        let end = MultiplexedPortBackend(try PortTarget.resolve(host: "127.0.0.1", port: try TestRelay.freePort()))
        // It has no room for an answer.
        var channel = DataChannel(.agent, limits: StreamSender.Limits(messages: 1))
        var client = Deliveries()
        let opens = (0..<1000).flatMap { Smux.frame(.open, UInt32($0)) }
        var taken = 0
        for _ in 0..<20 {
            try end.pump(into: &channel)
            if try end.accept(client.next(opens)) { taken += 1 }
        }
        #expect(taken <= 2)
        #expect(end.answersWaiting <= 2 * SmuxReader.streamLimit)
    }

    @Test func `each of many streams that cannot be opened is closed once`() throws {
        let end = MultiplexedPortBackend(try PortTarget.resolve(host: "127.0.0.1", port: try TestRelay.freePort()))
        var channel = DataChannel(.agent, limits: StreamSender.Limits(bytes: 64 << 20, messages: 100_000))
        let empty = channel.room
        var client = Deliveries()
        let opens = (0..<1000).flatMap { Smux.frame(.open, UInt32($0)) }
        #expect(try end.take(client.next(opens), &channel))
        let answers = 1000 * (2 * MessageHeader.size + 4 + Smux.headerSize)
        #expect(
            try Local.eventually {
                try end.pump(into: &channel)
                return channel.room <= empty - answers
            }
        )
        #expect(channel.room == empty - answers)
    }

    @Test func `a client that has closed a stream is sent nothing more of it, and what it sent still arrives`() throws {
        let server = try Listener()
        let end = MultiplexedPortBackend(try PortTarget.resolve(host: "127.0.0.1", port: server.port))
        var channel = DataChannel(.agent)
        var client = Deliveries()
        #expect(try end.take(client.next(Smux.frame(.open, 1)), &channel))
        let reader = server.take()
        defer { close(reader) }
        let size = 3 << 20
        let chunks = [UInt8](repeating: 7, count: size)
        for start in stride(from: 0, to: size, by: Smux.dataLimit) {
            let chunk = chunks[start..<min(size, start + Smux.dataLimit)]
            let frame = Smux.header(.data, 1, length: chunk.count) + chunk
            #expect(try end.take(client.next(frame), &channel))
        }
        #expect(try end.take(client.next(Smux.frame(.close, 1)), &channel))
        let before = channel.room
        // It goes on talking, as what streams for ever does.
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var (received, isOver) = (0, false)
        #expect(
            try Local.eventually {
                _ = send(reader, buffer, 4096, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                try end.pump(into: &channel)
                let count = recv(reader, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if count > 0 { received += count }
                isOver = isOver || count == 0 || (count < 0 && errno != EAGAIN)
                return isOver && received == size
            }
        )
        // The stream's close, and nothing else.
        #expect(before - channel.room == MessageHeader.size + Smux.headerSize)
        var waits = PollSet()
        end.add(to: &waits, sends: true)
        #expect(waits.isEmpty)
    }

    @Test func `a connection whose reader is always a little behind holds no more than that`() throws {
        let server = try Listener()
        let connection = try PortConnection(try PortTarget.resolve(host: "127.0.0.1", port: server.port))
        let reader = server.take()
        defer { close(reader) }
        let chunk = [UInt8](repeating: 7, count: 1 << 20)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var (received, mostHeld) = (0, 0)
        // Never all of it is read, so that something is always left to be written.
        for _ in 0..<64 {
            connection.socket.append(chunk[...])
            repeat {
                try connection.advance()
                guard connection.socket.backlog > 1 << 20 else { break }
                received += max(0, recv(reader, &buffer, buffer.count, Int32(MSG_DONTWAIT)))
            } while true
            mostHeld = max(mostHeld, connection.socket.memory)
        }
        #expect(received > 32 << 20)
        #expect(mostHeld <= 16 << 20)
    }
}
