// SPDX-License-Identifier: Apache-2.0

import Foundation
internal import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

extension ProcessTests {
    struct WithTerminal {
        private let size = LocalTerminalSize(columns: 97, rows: 31)

        @Test func `the size is there before the first line`() throws {
            let run = try Local.run("stty size; tty; stty -a", terminal: size)
            #expect(run.text.hasPrefix("31 97\r\n/dev/pts/"))
            #expect(run.text.contains(" iutf8"))
            #expect(run.ending == .exited(0))
        }

        @Test func `the terminal is the user's, and the group tty may write to it`() throws {
            guard Local.isRoot else { return }
            let user = try LocalUser.named("daemon")
            let run = try Local.run("stat -c '%U %G %a' $(tty)", terminal: size, user: user)
            #expect(run.text == "daemon tty 620\r\n")
        }

        @Test func `a new size reaches what runs`() throws {
            var process = try LocalProcess(
                Local.shell("trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done", terminal: size)
            )
            _ = process.output(until: "ready")
            process.resize(columns: 80, rows: 24)
            let text = process.output(until: "24 80")
            #expect(text.contains("24 80"))
        }

        @Test func `Ctrl-C ends what is in the foreground`() throws {
            var process = try LocalProcess(Local.shell("echo ready; exec sleep 60", terminal: size))
            _ = process.output(until: "ready")
            let sent = process.send("\u{03}")
            #expect(sent == .count(1))
            let ending = process.end()
            #expect(ending == .signalled(SIGINT))
        }

        @Test func `a signal goes to the foreground group, not to the shell`() throws {
            var process = try LocalProcess(
                Local.shell("set -m; echo ready; sleep 60; echo status $?", terminal: size)
            )
            _ = process.output(until: "ready")
            // Until the shell has put its child into the foreground, the group is its own.
            try #require(Local.eventually { process.hasForegroundChild() })
            let reached = process.signal(SIGTERM)
            #expect(reached)
            let text = process.output(until: "status 143")
            #expect(text.contains("status 143"))
            let ending = process.end()
            #expect(ending == .exited(0))
            let reachedLater = process.signal(SIGTERM)
            #expect(!reachedLater)
        }

        @Test func `there is job control`() throws {
            var process = try LocalProcess(
                LocalProcess.Specification(
                    executable: "/bin/bash",
                    arguments: ["bash", "--norc", "--noprofile", "-i"],
                    environment: [("PATH", "/usr/bin:/bin"), ("PS1", "$ "), ("TERM", "dumb")],
                    terminal: size
                )
            )
            _ = process.output(until: "$ ")
            _ = process.send("ps -o pid=,pgid=,tpgid=,sid=,comm= | sed 's/^/line /'; echo en''d\n")
            let text = process.output(until: "end")
            #expect(!text.contains("no job control"))
            let rows = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("line ") }
                .map { $0.split(separator: " ").map(String.init) }.filter { $0.count == 6 }
            let shell = try #require(rows.first { $0[5] == "bash" })
            let ps = try #require(rows.first { $0[5] == "ps" })
            #expect(shell[1] == String(process.identifier) && shell[2] == shell[1] && shell[4] == shell[1])
            // The pipeline is a group of its own, and the terminal's foreground.
            #expect(ps[2] == ps[3] && ps[2] != shell[2])
            _ = process.send("exit 3\n")
            let ending = process.end()
            #expect(ending == .exited(3))
        }

        @Test func `the end of the input is the EOF character`() throws {
            var process = try LocalProcess(Local.shell("stty -echo; echo ready; cat; echo after", terminal: size))
            _ = process.output(until: "ready")
            // In the middle of a line, where one character would only pass on what there is.
            _ = process.send("half")
            let done = process.endInput()
            #expect(done)
            let text = process.output(until: "after")
            #expect(text.contains("half"))
            let ending = process.end()
            #expect(ending == .exited(0))
        }

        @Test func `all output comes before the end`() throws {
            let run = try Local.run("seq 200000; exit 5", terminal: size, limit: 1 << 22)
            #expect(run.text.hasSuffix("\r\n200000\r\n"))
            #expect(run.text.split(separator: "\r\n").count == 200_000)
            #expect(run.ending == .exited(5))
        }

        @Test func `what the shell left in the background does not hold the session`() throws {
            let run = try Local.run("trap '' HUP; sleep 1000 & echo $!; exit 3", terminal: size)
            let background = try #require(pid_t(run.text.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(kill(background, SIGKILL) == 0)
            #expect(run.ending == .exited(3))
        }

        @Test func `what floods from the background does not hold the session`() throws {
            let run = try Local.run("trap '' HUP; yes $$ & echo =$!; sleep 0.2; exit 3", terminal: size)
            let line = try #require(run.text.split(separator: "\r\n").first { $0.hasPrefix("=") })
            let background = try #require(pid_t(line.dropFirst()))
            #expect(kill(background, SIGKILL) == 0)
            #expect(run.ending == .exited(3))
        }

        @Test func `letting go hangs up`() throws {
            let identifier = try { () throws -> Int32 in
                var process = try LocalProcess(Local.shell("echo ready; cat", terminal: size))
                _ = process.output(until: "ready")
                return process.identifier
            }()
            #expect(Local.eventually { kill(identifier, 0) != 0 && errno == ESRCH })
        }
    }
}
