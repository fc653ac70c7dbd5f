// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// `latchkey connect NAME --road relay -- COMMAND`.
    struct Commands {
        private func relay(
            _ scratch: Scratch,
            _ command: String,
            input: Data? = nil,
            timeout: Int = Execution.timeout
        ) throws -> Execution {
            try scratch.latchkey("connect", "web-1", "--road", "relay", "--", command, input: input, timeout: timeout)
        }

        @Test func `the status is the command's own, a death by signal is 128 and its number`() throws {
            try RelayTests.with { scratch, _, _ in
                for status in [Int32(0), 7, 255] {
                    let run = try relay(scratch, "exit \(status)")
                    #expect(run.status == status)
                    #expect(run.error.isEmpty)
                }
                #expect(try relay(scratch, "kill -TERM $$").status == 143)
                #expect(try relay(scratch, "kill -KILL $$").status == 137)
                let several = try scratch.latchkey(
                    "connect",
                    "web-1",
                    "--road",
                    "relay",
                    "--",
                    "printf",
                    "%s\n",
                    "two words",
                    "$HOME"
                )
                #expect(several.text == "two words\n$HOME\n")
            }
        }

        @Test func `standard error comes apart, and the input's end arrives`() throws {
            try RelayTests.with { scratch, _, _ in
                let run = try relay(scratch, "echo out; echo err >&2; wc -c; exit 3", input: Data("12345".utf8))
                #expect(run.status == 3)
                #expect(run.text == "out\n5\n")
                #expect(run.error == "err\n")
                #expect(try relay(scratch, "cat; echo over").text == "over\n")
                let all = Data((0...255).map { UInt8($0) })
                #expect(try relay(scratch, "cat", input: all).output == all)
                let both = try relay(scratch, "cat >&2; printf 'a\\0b'", input: Data("x".utf8))
                #expect(both.output == Data([97, 0, 98]))
                #expect(both.error == "x")
                #expect(try relay(scratch, "tty").line == "not a tty")
            }
        }

        @Test func `what a command leaves behind has the last word, as with sshd`() throws {
            try RelayTests.with { scratch, _, _ in
                let last = try relay(scratch, "exec bash -c 'exec > >(sleep 0.5; cat); echo last words; exit 3'")
                #expect(last.text == "last words\n")
                #expect(last.status == 3)
                #expect(try relay(scratch, "(sleep 0.5; echo late) & echo early").text == "early\nlate\n")
                // Whoever wants none of it says so.
                let left = try relay(scratch, "sleep 300 >/dev/null 2>&1 & echo $!").line
                #expect(kill(try #require(pid_t(left)), SIGKILL) == 0)
            }
        }

        @Test func `a client that cannot write what comes ends what it has started`() throws {
            try RelayTests.with { scratch, relay, agent in
                let words = [Scratch.program, "connect", "web-1", "--road", "relay", "--", "yes"]
                let run = try Execution.run(
                    ["sh", "-c", "exec \"$@\" >/dev/full", "sh"] + words,
                    environment: scratch.environment
                )
                #expect(run.status == 255)
                #expect(run.error == "latchkey: error: the disk that takes the output is full\n")
                try RelayTests.wait(for: "Terminated", relay, of: agent)
            }
        }

        @Test func `64 MiB go there and back unchanged`() throws {
            try RelayTests.with { scratch, _, _ in
                let bytes = RelayTests.noise(64 << 20)
                let run = try relay(scratch, "cat; echo err >&2; exit 7", input: bytes, timeout: 3 * Execution.timeout)
                #expect(run.status == 7)
                #expect(run.error == "err\n")
                RelayTests.expect(run.output, bytes)
                try bytes.write(to: URL(fileURLWithPath: "\(scratch.path)/bytes"))
                let digest = try Execution.require(["sha256sum", "\(scratch.path)/bytes"]).text.prefix(64)
                #expect(
                    try relay(scratch, "sha256sum", input: bytes, timeout: 3 * Execution.timeout).text.prefix(64)
                        == digest
                )
            }
        }

        @Test func `a command that closes its input early does not stop its output`() throws {
            try RelayTests.with { scratch, _, _ in
                let run = try relay(
                    scratch,
                    "exec <&-; head -c 5000000 /dev/zero | tr '\\0' x; exit 3",
                    input: Data(count: 20_000_000)
                )
                #expect(run.status == 3)
                #expect(run.output.count == 5_000_000)
            }
        }

        @Test func `output into a pipe that nobody reads any more ends the command`() throws {
            try RelayTests.with { scratch, relay, agent in
                let script = """
                    (run -- 'yes $$' ; echo $? >status) | head -n 1 >pid
                    cat status; for n in $(seq 1000); do kill -0 $(cat pid) 2>/dev/null || exit 0; sleep 0.1; done; exit 1
                    """
                let run = try RelayTests.bash(scratch, script)
                #expect(run.text == "141\n")
                #expect(run.status == 0)
                try RelayTests.wait(for: "Terminated", relay, of: agent)
            }
        }

        @Test func `a command that is interrupted here ends there`() throws {
            try RelayTests.with { scratch, _, _ in
                let script = """
                    "$PROGRAM" connect web-1 --road relay -- 'echo $$; exec sleep 300' >pid & pid=$!
                    until [ -s pid ]; do sleep 0.1; done
                    kill -INT $pid; wait $pid; echo $?
                    for n in $(seq 1000); do kill -0 $(cat pid) 2>/dev/null || exit 0; sleep 0.1; done; exit 1
                    """
                let run = try RelayTests.bash(scratch, script)
                #expect(run.text == "130\n")
                #expect(run.status == 0)
            }
        }

        @Test func `a user is asked for by name, and there is no other`() throws {
            try RelayTests.with { scratch, _, _ in
                let user = NSUserName()
                let named = try scratch.latchkey("connect", "\(user)@web-1", "--road", "relay", "--", "id -un")
                #expect(named.line == user)
                let refused = try scratch.latchkey("connect", "nobody-9@web-1", "--road", "relay", "--", "id")
                #expect(refused.status == 255)
                #expect(refused.output.isEmpty)
                #expect(refused.error.contains("nobody-9"))
            }
        }

        @Test func `without the agent the reason is told`() throws {
            try RelayTests.with { scratch, _, agent in
                try agent.end(by: SIGTERM)
                try TestRelay.wait(for: "the relay to notice") {
                    let run = try relay(scratch, "id")
                    #expect(run.status == 255)
                    return run.error.hasPrefix("latchkey: error: the agent of 'web-1' is not connected to the relay\n")
                }
            }
        }
    }
}
