// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeySystem
import Testing

struct PollSetTests {
    /// A pipe, closed in the end.
    private final class Pipe {
        private(set) var (reading, writing): (Int32, Int32) = (-1, -1)

        init() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            (reading, writing) = (ends[0], ends[1])
        }

        deinit { for end in [reading, writing] where end >= 0 { close(end) } }

        func write(_ bytes: [UInt8] = [1]) { _ = Foundation.write(writing, bytes, bytes.count) }

        func closeWriting() {
            close(writing)
            writing = -1
        }
    }

    @Test func `it tells which descriptors are ready, and for what`() throws {
        let (silent, talking) = (try Pipe(), try Pipe())
        talking.write()
        var set = PollSet()
        let places = [
            set.add(.readable(silent.reading)), set.add(.readable(talking.reading)), set.add(.writable(silent.writing)),
        ]
        #expect(set.wait() == 0)
        #expect(places.map { set.isReady($0) } == [false, true, true])
        #expect(places.map { set.events(at: $0) } == [[], .readable, .writable])
    }

    @Test func `what is not waited for has its place, and wakes nobody`() throws {
        let ended = try Pipe()
        ended.closeWriting()
        var set = PollSet()
        let nothing = set.add(nil)
        // Its end would be told whether or not it was asked for.
        let without = set.add(PollSet.Interest(ended.reading, []))
        set.wake(after: 0)
        #expect(set.wait() == 0)
        #expect(!set.isReady(nothing) && !set.isReady(without))
    }

    @Test func `the end of a descriptor counts for what was waited for`() throws {
        let pipe = try Pipe()
        pipe.closeWriting()
        var set = PollSet()
        let place = set.add(.readable(pipe.reading))
        set.wait()
        #expect(set.events(at: place).contains(.readable))
    }

    @Test func `the earliest moment wakes it`() throws {
        let pipe = try Pipe()
        var set = PollSet()
        let place = set.add(.readable(pipe.reading))
        set.wake(after: nil)
        set.wake(after: .max)
        set.wake(after: 3_600_000)
        set.wake(at: SystemClock.milliseconds() + 20)
        set.wake(at: nil)
        set.wait()
        #expect(!set.isReady(place))
        // One that has passed does not make it wait for ever.
        set.removeAll()
        set.add(.readable(pipe.reading))
        set.wake(at: 1)
        #expect(set.wait() == 0)
    }

    @Test func `emptied, it has forgotten descriptors and moments`() throws {
        let pipe = try Pipe()
        pipe.write()
        var set = PollSet()
        set.add(.writable(-1))
        set.wake(after: 0)
        set.removeAll()
        // Without the moment of before, it is the descriptor that wakes it.
        let place = set.add(.readable(pipe.reading))
        set.wait()
        #expect(set.isReady(place))
    }

    @Test func `a wake-up from another thread ends the wait`() {
        let signal = WakeSignal()
        var set = PollSet()
        let place = set.add(signal.interest)
        guard let threads = Threads(1, { signal.raise() }) else {
            Issue.record("the system has no thread left")
            return
        }
        set.wait()
        threads.join()
        #expect(set.isReady(place))
        signal.clear()
        #expect(!Descriptor.isReady(signal.descriptor, for: .readable))
    }

    @Test func `one descriptor alone`() throws {
        let pipe = try Pipe()
        #expect(!Descriptor.isReady(pipe.reading, for: .readable))
        #expect(Descriptor.isReady(pipe.writing, for: .writable))
        #expect(Descriptor.wait(pipe.reading, for: .readable, until: SystemClock.milliseconds() + 10).isEmpty)
        pipe.write()
        #expect(Descriptor.wait(pipe.reading, for: .readable, until: nil) == .readable)
        // What is always ready would otherwise keep a loop from its end.
        #expect(Descriptor.wait(pipe.reading, for: .readable, until: SystemClock.milliseconds()).isEmpty)
        #expect(Descriptor.isReady(pipe.reading, for: .readable))
    }
}
