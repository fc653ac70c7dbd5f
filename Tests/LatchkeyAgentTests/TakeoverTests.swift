// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent
@testable import LatchkeySessionProtocol

extension ProcessTests {
    /// What a client was in the middle of does not go on with the one that takes its session over.
    struct Takeovers {
        @Test func `the first keys of another client are not swallowed`() throws {
            try Scratch.with { scratch in
                let plan = Local.shell("cd '\(scratch.path)'; until [ -e go ]; do sleep 0.05; done; cat >got; exit 3")
                let end = try ProcessBackend(plan, streams: .separate(), waitsForSize: false)
                end.agreed(on: .all)
                var channel = DataChannel(.agent)
                var before = Deliveries()
                // More than a pipe takes while nobody reads from it.
                let long = before.next([UInt8](repeating: 0x61, count: 1 << 20))
                #expect(try !end.accept(long))

                end.takenOver(by: &channel)
                end.agreed(on: .all)
                var after = Deliveries()
                let keys = after.next([0x03, 0x62, 0x63])
                // There is no room for them yet.
                #expect(try !end.accept(keys))
                try scratch.write("go", "")
                #expect(try end.take(keys, &channel))
                #expect(try end.take(after.next([0], .inputEnd), &channel))
                #expect(
                    try Local.eventually {
                        try end.pump(into: &channel)
                        return end.isOver
                    }
                )
                let got = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/got"))
                #expect(got.suffix(4) == Data([0x61, 0x03, 0x62, 0x63]))
                // What the first client's message had come to.
                #expect(got.dropLast(3).allSatisfy { $0 == 0x61 } && (4096..<1 << 20).contains(got.count))
            }
        }

        @Test func `a client that comes at the end is told how it was, too`() throws {
            let end = try ProcessBackend(Local.shell("exit 7"), streams: .separate(), waitsForSize: false)
            end.agreed(on: .all)
            var channel = DataChannel(.agent)
            func waitForEnd() throws -> Bool {
                try Local.eventually {
                    try end.pump(into: &channel)
                    return end.isOver
                }
            }
            #expect(try waitForEnd())
            let room = channel.room
            end.takenOver(by: &channel)
            #expect(!end.isOver)
            #expect(try waitForEnd())
            // It was said a second time.
            #expect(channel.room < room)
        }

        @Test func `streams of the client before are not those of the next`() throws {
            let server = try Listener()
            let end = MultiplexedPortBackend(try PortTarget.resolve(host: "127.0.0.1", port: server.port))
            var channel = DataChannel(.agent)
            var before = Deliveries()
            // The beginning of a frame, too, whose rest never comes.
            let half = Smux.frame(.data, 3, Array("abc".utf8)).dropLast()
            #expect(
                try end.take(
                    before.next(Smux.frame(.open, 3) + Smux.frame(.data, 3, Array("old".utf8)) + half),
                    &channel
                )
            )
            let old = server.take()
            defer { close(old) }
            try end.pump(into: &channel)
            #expect(Self.read(old, 3) == "old")

            end.takenOver(by: &channel)
            var after = Deliveries()
            #expect(try end.take(after.next(Smux.frame(.open, 3) + Smux.frame(.data, 3, Array("new".utf8))), &channel))
            // The one before is closed, and what comes now goes over another.
            #expect(Self.read(old, 3) == "")
            let new = server.take()
            defer { close(new) }
            #expect(
                try Local.eventually {
                    try end.pump(into: &channel)
                    return Self.isReadable(new)
                }
            )
            #expect(Self.read(new, 3) == "new")
        }

        @Test func `a port without streams is dialled anew`() throws {
            let server = try Listener()
            let end = try PortBackend(try PortTarget.resolve(host: "127.0.0.1", port: server.port))
            var channel = DataChannel(.agent)
            var before = Deliveries()
            #expect(try end.take(before.next(Array("old".utf8)), &channel))
            let old = server.take()
            defer { close(old) }
            try end.pump(into: &channel)
            #expect(Self.read(old, 3) == "old")

            try end.takenOver(by: &channel)
            #expect(Self.read(old, 3) == "")
            var after = Deliveries()
            #expect(try end.take(after.next(Array("new".utf8)), &channel))
            let new = server.take()
            defer { close(new) }
            #expect(
                try Local.eventually {
                    try end.pump(into: &channel)
                    return Self.isReadable(new)
                }
            )
            #expect(Self.read(new, 3) == "new")
        }

        private static func isReadable(_ connection: Int32) -> Bool {
            var wait = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            return poll(&wait, 1, 0) == 1
        }

        /// So many bytes, fewer at the end, or none after ten seconds.
        private static func read(_ connection: Int32, _ count: Int) -> String {
            var bytes: [UInt8] = []
            while bytes.count < count {
                var wait = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
                guard poll(&wait, 1, 10_000) == 1 else { break }
                var byte: UInt8 = 0
                guard Glibc.read(connection, &byte, 1) == 1 else { break }
                bytes.append(byte)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
