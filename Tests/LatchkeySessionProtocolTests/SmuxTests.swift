// SPDX-License-Identifier: Apache-2.0

import LatchkeyTestSupport
import Testing

@testable import LatchkeySessionProtocol

struct SmuxTests {
    /// What an official client sends for two connections, with a sign of life in between.
    static let stream =
        Smux.frame(.open, 3) + Smux.frame(.data, 3, Array("hello".utf8)) + Smux.frame(.open, 5)
        + Smux.frame(.keepAlive, 0) + Smux.frame(.data, 5, [UInt8](repeating: 7, count: 700))
        + Smux.frame(.data, 3, []) + Smux.frame(.close, 3) + Smux.frame(.data, 3, [1, 2, 3])
        + Smux.frame(.data, 5, [9]) + Smux.frame(.close, 5)
    static let events: [Smux.Event] = [
        .opened(3), .data(3, [0x68, 0x65, 0x6C, 0x6C, 0x6F]), .opened(5),
        .data(5, ArraySlice([UInt8](repeating: 7, count: 700))), .closed(3), .data(5, [9]), .closed(5),
    ]

    private static func fault(_ bytes: [UInt8]) -> Smux.Fault? {
        var reader = SmuxReader()
        do throws(Smux.Fault) {
            _ = try reader.read(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test func `frames are written as they were recorded`() throws {
        let recorded = RecordedFrame.all.filter { $0.payload.starts(with: [1]) }.map(\.payload)
        #expect(recorded.first == Smux.frame(.open, 3))
        #expect(recorded.dropFirst().first == Smux.frame(.data, 3, Array("hello".utf8)) + Smux.frame(.close, 3))
        var reader = SmuxReader()
        let events = try recorded.prefix(2).flatMap { try reader.read($0) }
        #expect(events == [.opened(3), .data(3, [0x68, 0x65, 0x6C, 0x6C, 0x6F]), .closed(3)])
    }

    @Test func `integers are little-endian`() {
        #expect(Smux.header(.data, 0x0102_0304, length: 0x0506) == [1, 2, 6, 5, 4, 3, 2, 1])
    }

    @Test func `a stream that is cut in two anywhere says the same`() throws {
        for cut in 0...Self.stream.count {
            var reader = SmuxReader()
            let events =
                try reader.read(Array(Self.stream[..<cut])) + (try reader.read(Array(Self.stream[cut...])))
            #expect(events == Self.events, "cut at \(cut)")
        }
    }

    @Test func `a stream that comes byte by byte says the same`() throws {
        var reader = SmuxReader()
        #expect(try Self.stream.flatMap { try reader.read([$0]) } == Self.events)
    }

    @Test func `the longest frame there can be is read`() throws {
        let data = [UInt8](repeating: 5, count: 65_535)
        var reader = SmuxReader()
        let events = try reader.read(Smux.frame(.open, 3) + Smux.frame(.data, 3, data))
        #expect(events == [.opened(3), .data(3, data[...])])
    }

    @Test(
        arguments: [
            ([2, 0, 0, 0, 3, 0, 0, 0], .version(2)), ([0, 0, 0, 0, 3, 0, 0, 0], .version(0)),
            ([1, 4, 0, 0, 3, 0, 0, 0], .command(4)), ([1, 255, 0, 0, 3, 0, 0, 0], .command(255)),
            ([1, 0, 1, 0, 3, 0, 0, 0], .unexpectedData), ([1, 1, 0, 1, 3, 0, 0, 0], .unexpectedData),
            ([1, 3, 255, 255, 0, 0, 0, 0], .unexpectedData),
        ] as [([UInt8], Smux.Fault)]
    )
    func `what is no frame ends the stream`(bytes: [UInt8], fault: Smux.Fault) {
        #expect(Self.fault(bytes) == fault)
        #expect(Self.fault(Smux.frame(.open, 3) + bytes) == fault)
    }

    @Test func `so many streams, and no more at once`() throws {
        var reader = SmuxReader()
        for index in 0..<SmuxReader.streamLimit {
            #expect(try reader.read(Smux.frame(.open, UInt32(index))) == [.opened(UInt32(index))])
        }
        // One that is closed, by either end, makes room.
        reader.close(0)
        #expect(try reader.read(Smux.frame(.close, 1)) == [.closed(1)])
        #expect(try reader.read(Smux.frame(.open, 5000) + Smux.frame(.open, 5001)).count == 2)
        #expect(throws: Smux.Fault.tooManyStreams) { try reader.read(Smux.frame(.open, 5002)) }
    }

    @Test func `what is for a stream that is closed, or never was, is left out`() throws {
        var reader = SmuxReader()
        #expect(try reader.read(Smux.frame(.data, 9, [1]) + Smux.frame(.close, 9)) == [])
        #expect(try reader.read(Smux.frame(.open, 3)) == [.opened(3)])
        #expect(try reader.read(Smux.frame(.open, 3)) == [])
        reader.close(3)
        #expect(try reader.read(Smux.frame(.data, 3, [1]) + Smux.frame(.close, 3)) == [])
        #expect(try reader.read(Smux.frame(.open, 3) + Smux.frame(.data, 3, [1])) == [.opened(3), .data(3, [1])])
    }

    @Test func `random bytes end the stream or wait for more, and hold no more than a frame`() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            var reader = SmuxReader()
            for _ in 0..<20 {
                var bytes = (0..<Int.random(in: 0...40, using: &generator))
                    .map { _ in UInt8.random(in: .min ... .max, using: &generator) }
                if !bytes.isEmpty, generator.chance(80) { bytes[0] = 1 }
                if bytes.count > 1, generator.chance(80) { bytes[1] %= 4 }
                do { _ = try reader.read(bytes) } catch { break }
            }
        }
    }
}
