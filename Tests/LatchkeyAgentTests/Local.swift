// SPDX-License-Identifier: Apache-2.0

import Foundation
internal import LatchkeyModel
internal import LatchkeySystem
import LatchkeyTestSupport

@testable import LatchkeyAgent

/// How the tests run things on this machine.
enum Local {
    static let isRoot = geteuid() == 0
    /// Milliseconds until something that hangs is given up.
    static let waitTime = Int64(Execution.timeout) * 1000

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
    ///
    /// - Returns: no ending also if something held the session until the timeout.
    static func run(
        _ line: String,
        terminal: LocalTerminalSize? = nil,
        user: LocalUser? = nil,
        input: [UInt8] = [],
        timeout: Int64 = waitTime,
        limit: Int = 1 << 20
    ) throws -> (text: String, error: String, ending: LocalProcess.Ending?) {
        let deadline = SystemClock.milliseconds() + timeout
        let outcome = try LocalProcess.run(
            shell(line, terminal: terminal, user: user),
            input: input,
            timeout: timeout,
            limit: limit
        )
        return (
            String(decoding: outcome.output, as: UTF8.self), String(decoding: outcome.error, as: UTF8.self),
            SystemClock.milliseconds() < deadline ? outcome.ending : nil
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

    /// Looks again and again until it is so, or the timeout is over.
    static func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        let deadline = Date(timeIntervalSinceNow: Double(Execution.timeout))
        while Date() < deadline {
            if try condition() { return true }
            usleep(10_000)
        }
        return try condition()
    }
}

extension LocalProcess {
    mutating func send(_ text: String) -> Writing { Array(text.utf8).withUnsafeBytes { write($0) } }

    /// Reads until the text is there or the stream has ended, or the timeout is over.
    mutating func output(until text: String) -> String {
        var bytes: [UInt8] = []
        let deadline = SystemClock.milliseconds() + Local.waitTime
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

    /// Whether a child of the shell has the terminal's foreground (proc(5): the group of the terminal is not the shell's own).
    func hasForegroundChild() -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8) else { return false }
        // The state, the parent, the group, the session, the terminal and its foreground come after the name.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 5 && fields[5] != fields[2]
    }

    mutating func end() -> Ending? {
        let deadline = SystemClock.milliseconds() + Local.waitTime
        while SystemClock.milliseconds() < deadline, ending() == nil {
            var descriptor = pollfd(fd: exitDescriptor, events: Int16(POLLIN), revents: 0)
            poll(&descriptor, 1, Int32(deadline - SystemClock.milliseconds()))
        }
        return ending()
    }
}
