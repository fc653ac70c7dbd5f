// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// Lines on their way to standard error, written by a thread of its own: a pipe that is not read from must not stop an event
/// loop that logs. When there is no room left, lines are dropped, and a later one says how many.
final class LogQueue: Sendable {
    static let shared = LogQueue()

    /// Bytes that wait at the most.
    private static let limit = 1 << 20
    /// Milliseconds between two looks whether there is something to sum up.
    private static let interval: Int64 = 1000

    private struct Waiting {
        var lines: [[UInt8]] = []
        var size = 0
        var dropped = 0
        var isWriting = false
    }

    private let waiting = Mutex(Waiting())
    private let limiter = Mutex(LogLimiter())
    private let wake = WakeSignal()

    private init() {
        // Without a thread nothing is written, and logging still does not wait.
        Threads(1) { [self] in run() }?.detach()
    }

    /// Whether one more event of this kind is to be written; if not, it is counted.
    func allows(_ message: String) -> Bool {
        limiter.withLock { $0.allows(message, at: SystemClock.milliseconds()) }
    }

    func add(_ line: [UInt8]) {
        let isFirst = waiting.withLock { waiting in
            guard waiting.size + line.count <= LogQueue.limit else {
                waiting.dropped += 1
                return false
            }
            waiting.lines.append(line)
            waiting.size += line.count
            return waiting.lines.count == 1
        }
        if isFirst { wake.raise() }
    }

    /// Waits until everything is written, for two seconds at the most.
    func finish() {
        sumUp(all: true)
        let end = SystemClock.milliseconds() + 2000
        while waiting.withLock({ !$0.lines.isEmpty || $0.isWriting }), SystemClock.milliseconds() < end {
            wake.raise()
            usleep(5000)
        }
    }

    private func run() {
        while true {
            Descriptor.wait(wake.descriptor, for: .readable, until: SystemClock.milliseconds() + LogQueue.interval)
            wake.clear()
            sumUp(all: false)
            let (lines, dropped) = waiting.withLock { waiting in
                let taken = (waiting.lines, waiting.dropped)
                waiting = Waiting(isWriting: true)
                return taken
            }
            for line in lines { LogQueue.write(line) }
            if dropped > 0 { LogQueue.write(LogLine.make(leftOut: dropped, of: "all, as the log was not read")) }
            waiting.withLock { $0.isWriting = false }
        }
    }

    private func sumUp(all: Bool) {
        let now = SystemClock.milliseconds()
        for (message, count) in limiter.withLock({ $0.takeLeftOut(at: now, all: all) }) {
            add(LogLine.make(leftOut: count, of: message))
        }
    }

    /// One write a line where that can be, so that it stays whole beside those of other processes.
    private static func write(_ line: [UInt8]) {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                Descriptor.wait(STDERR_FILENO, for: .writable, until: nil)
            } else if count == 0 || errno != EINTR {
                // There is no other place to say so.
                return
            }
        }
    }
}
