// SPDX-License-Identifier: Apache-2.0

import Foundation
internal import LatchkeyModel

@testable import LatchkeyAgent

/// How the tests run things on this machine.
enum Local {
    static let isRoot = geteuid() == 0

    static func shell(
        _ line: String,
        terminal: LocalTerminalSize? = nil,
        user: LocalUser? = nil
    ) -> LocalProcess.Specification {
        LocalProcess.Specification(
            executable: "/bin/sh",
            arguments: ["sh", "-c", line],
            environment: [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("TERM", "xterm"), ("LC_ALL", "C")],
            user: user,
            terminal: terminal
        )
    }

    /// Runs a line of shell to its end.
    static func run(
        _ line: String,
        terminal: LocalTerminalSize? = nil,
        user: LocalUser? = nil,
        input: [UInt8] = [],
        timeout: Int64 = 20_000,
        limit: Int = 1 << 20
    ) throws -> (text: String, error: String, ending: LocalProcess.Ending?) {
        let outcome = try LocalProcess.run(
            shell(line, terminal: terminal, user: user),
            input: input,
            timeout: timeout,
            limit: limit
        )
        return (
            String(decoding: outcome.output, as: UTF8.self), String(decoding: outcome.error, as: UTF8.self),
            outcome.ending
        )
    }

    /// How many of the kinds that a local process has: other tests, at the same time, have files and sockets.
    static func descriptors() throws -> Int {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        let targets = names.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        return
            targets.filter { target in
                ["pipe:", "/dev/ptmx", "/dev/pts/", "anon_inode:[pidfd]", "anon_inode:[timerfd]", "pidfd:"]
                    .contains {
                        target.hasPrefix($0)
                    }
            }
            .count
    }

    /// Looks again and again until it is so, for at most that many seconds.
    static func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while Date() < deadline {
            if try condition() { return true }
            usleep(10_000)
        }
        return try condition()
    }
}

extension LocalProcess {
    mutating func send(_ text: String) -> Writing { Array(text.utf8).withUnsafeBytes { write($0) } }

    /// Reads until the text is there or the stream has ended, for at most ten seconds.
    mutating func output(until text: String) -> String {
        var bytes: [UInt8] = []
        let deadline = SystemClock.milliseconds() + 10_000
        while SystemClock.milliseconds() < deadline, !String(decoding: bytes, as: UTF8.self).contains(text) {
            _ = ending()
            var buffer = [UInt8](repeating: 0, count: 65536)
            let reading = buffer.withUnsafeMutableBytes { read(.output, into: $0) }
            switch reading {
            case .bytes(let count): bytes += buffer.prefix(count)
            case .none: usleep(5000)
            case .ended: return String(decoding: bytes, as: UTF8.self)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func end(within seconds: Double = 10) -> Ending? {
        let deadline = SystemClock.milliseconds() + Int64(seconds * 1000)
        while SystemClock.milliseconds() < deadline, ending() == nil {
            var descriptor = pollfd(fd: exitDescriptor, events: Int16(POLLIN), revents: 0)
            poll(&descriptor, 1, Int32(deadline - SystemClock.milliseconds()))
        }
        return ending()
    }
}
