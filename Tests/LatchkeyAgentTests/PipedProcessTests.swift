// SPDX-License-Identifier: Apache-2.0

import Foundation
internal import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

extension ProcessTests {
    struct WithPipes {
        @Test func `status, output and errors arrive apart`() throws {
            let run = try Local.run("echo out; echo err >&2; exit 42")
            #expect(run.text == "out\n" && run.error == "err\n" && run.ending == .exited(42))
        }

        @Test func `death by a signal is told as such`() throws {
            #expect(try Local.run("kill -KILL $$").ending == .signalled(SIGKILL))
            var process = try LocalProcess(Local.shell("echo ready; exec sleep 60"))
            _ = process.output(until: "ready")
            let reached = process.signal(SIGUSR1)
            #expect(reached)
            let ending = process.end()
            #expect(ending == .signalled(SIGUSR1))
        }

        @Test func `a signal reaches the children too`() throws {
            var process = try LocalProcess(Local.shell("sleep 60 & echo ready; wait"))
            _ = process.output(until: "ready")
            let reached = process.signal(SIGTERM)
            #expect(reached)
            // Only when the last one has gone is the pipe at its end.
            let text = process.output(until: "nothing")
            #expect(text == "")
            let ending = process.end()
            #expect(ending == .signalled(SIGTERM))
        }

        @Test func `the end of the input is seen`() throws {
            #expect(try Local.run("wc -c", input: Array("abc".utf8)).text == "3\n")
            #expect(try Local.run("cat", input: []).ending == .exited(0))
        }

        @Test func `8 MiB of anything pass unharmed`() throws {
            var generator = SystemRandomNumberGenerator()
            let bytes = (0..<(1 << 20))
                .flatMap { _ in
                    withUnsafeBytes(of: generator.next() as UInt64) { Array($0) }
                }
            let outcome = try LocalProcess.run(Local.shell("cat"), input: bytes, limit: 1 << 24)
            #expect(outcome.output == bytes)
            #expect(outcome.ending == .exited(0))
        }

        @Test func `writing to one that does not read is no signal`() throws {
            var process = try LocalProcess(Local.shell("exec <&-; echo ready; sleep 5"))
            _ = process.output(until: "ready")
            let sent = process.send("x")
            #expect(sent == .broken)
            process.endInput()
            let input = process.inputDescriptor
            #expect(input == -1)
            let sentLater = process.send("x")
            #expect(sentLater == .broken)
        }

        @Test func `a full pipe is told`() throws {
            var process = try LocalProcess(Local.shell("sleep 60"))
            let block = [UInt8](repeating: 1, count: 1 << 20)
            let taken = block.withUnsafeBytes({ process.write($0) })
            // As large as it was asked to be, or as the system makes them where it does not allow so much.
            #expect([.count(256 * 1024), .count(64 * 1024)].contains(taken))
            let taken1 = block.withUnsafeBytes({ process.write($0) })
            #expect(taken1 == .full)
        }

        @Test func `what was left in the background does not hold the session`() throws {
            let run = try Local.run("sleep 1000 & echo $!; exit 3")
            let background = try #require(pid_t(run.text.trimmingCharacters(in: .newlines)))
            #expect(kill(background, SIGKILL) == 0)
            #expect(run.ending == .exited(3))
        }

        @Test func `the child starts clean`() throws {
            // An ignored signal, a blocked one, and an open descriptor of ours.
            signal(SIGUSR2, SIG_IGN)
            var blocked = sigset_t()
            sigemptyset(&blocked)
            sigaddset(&blocked, SIGUSR1)
            pthread_sigmask(SIG_BLOCK, &blocked, nil)
            defer {
                signal(SIGUSR2, SIG_DFL)
                pthread_sigmask(SIG_UNBLOCK, &blocked, nil)
            }
            let open = dup(0)
            defer { close(open) }
            // Not through a pipe: the shell would have its ends open, too, now and then.
            let run = try Local.run(
                "ls /proc/$$/fd; umask; pwd; grep -E '^Sig(Blk|Ign)' /proc/self/status"
            )
            let lines = run.text.split(separator: "\n").map(String.init)
            #expect(lines.prefix(5) == ["0", "1", "2", "0022", "/"])
            // The C library keeps 32 and 33 to itself, and ignores them in what posix_spawn starts, such as this process.
            let own: UInt64 = 3 << 31
            let sets = lines.dropFirst(5).compactMap { UInt64($0.suffix(16), radix: 16) }
            #expect(sets.count == 2 && sets.allSatisfy { $0 & ~own == 0 })
        }

        @Test func `where there are no process descriptors a timer stands in`() throws {
            var process = try LocalProcess(Local.shell("read line; exit 9"), usesProcessDescriptor: false)
            var descriptor = pollfd(fd: process.exitDescriptor, events: Int16(POLLIN), revents: 0)
            let look = process.ending()
            #expect(look == nil)
            // The timer goes off now and then, which tells nothing by itself.
            #expect(poll(&descriptor, 1, Int32(Local.waitTime)) == 1)
            let lookAgain = process.ending()
            #expect(lookAgain == nil)
            process.endInput()
            let ending = process.end()
            #expect(ending == .exited(9))
            let lookLater = process.ending()
            #expect(lookLater == .exited(9))
        }
    }
}
