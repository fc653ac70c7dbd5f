// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// `latchkey connect NAME -- COMMAND` against a real sshd.
struct ConnectCommandTests {
    /// An instance called web-1 with a key pair that `latchkey key create` made.
    static func with<Value>(
        options: [String] = [],
        on engine: Engine = .current,
        _ body: (Scratch, TestInstance) throws -> Value
    ) throws -> Value {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("key", "create", "web")
            let key = try scratch.latchkey("key", "show", "web", "--public-key").line
            return try TestInstance.with(authorizing: [key], options: options, on: engine) { instance in
                try instance.add("web-1", to: scratch, key: "web")
                return try body(scratch, instance)
            }
        }
    }

    @Test func `100 MB go there and back unchanged, the error apart, the status exact`() throws {
        try Self.with { scratch, _ in
            var bytes = Data(count: 100_000_000)
            var generator = SystemRandomNumberGenerator()
            bytes.withUnsafeMutableBytes { raw in
                for offset in stride(from: 0, to: raw.count, by: 8) {
                    raw.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
                }
            }
            let run = try scratch.latchkey(
                "connect",
                "web-1",
                "--",
                "sh",
                "-c",
                "cat; echo err >&2; exit 7",
                input: bytes,
                timeout: 2 * Execution.timeout
            )
            #expect(run.status == 7)
            #expect(run.error == "err\n")
            #expect(run.output == bytes)
        }
    }

    @Test func `every byte and no byte at all pass`() throws {
        try Self.with { scratch, _ in
            let all = Data((0...255).map { UInt8($0) })
            #expect(try scratch.latchkey("connect", "web-1", "--", "cat", input: all).output == all)
            #expect(try scratch.latchkey("connect", "web-1", "--", "cat", input: Data()).output.isEmpty)
            let both = try scratch.latchkey("connect", "web-1", "--", "cat >&2; printf 'a\\0b'", input: Data("x".utf8))
            #expect(both.output == Data([0x61, 0, 0x62]))
            #expect(both.error == "x")
        }
    }

    @Test func `a side that stops reading does not stop the other`() throws {
        try Self.with { scratch, _ in
            // The command closes its input at once and prints much; then it reads nothing and ends.
            let run = try scratch.latchkey(
                "connect",
                "web-1",
                "--",
                "exec <&-; head -c 5000000 /dev/zero | tr '\\0' x; exit 3",
                input: Data(count: 20_000_000)
            )
            #expect(run.status == 3)
            #expect(run.output.count == 5_000_000)
            // A consumer that reads and feeds in turn: more in flight than all buffers on the way hold.
            let script = """
                import subprocess, sys
                p = subprocess.Popen(sys.argv[1:] + ['connect', 'web-1', '--', 'cat'],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                import threading
                t = threading.Thread(target=lambda: (p.stdin.write(b'y' * 30_000_000), p.stdin.close()))
                t.start()
                import time
                time.sleep(1)
                print(len(p.stdout.read()), p.wait())
                """
            let fed = try Execution.run(["python3", "-c", script, Scratch.program], environment: scratch.environment)
            #expect(fed.line == "30000000 0")
        }
    }

    @Test func `a slow reader gets the rest after the command has ended, and costs no work meanwhile`() throws {
        try Self.with { scratch, _ in
            // The pipe to the reader holds less than there is.
            let script = """
                cd "$1"
                ( "$0" connect web-1 -- 'head -c 400000 /dev/zero; echo said >&2'; echo $? >status ) 2>error |
                    (until [ -e go ]; do sleep 0.05; done; wc -c >count)
                """
            let run = try BackgroundProcess(
                ["bash", "-c", script, Scratch.program, scratch.path],
                environment: scratch.environment
            )
            defer { run.stop() }
            try TestRelay.wait(for: "the command to end") {
                (try? scratch.read("\(scratch.path)/error"))?.contains("said") == true
            }
            let found = try Execution.run(["pgrep", "-f", "connect web-1 -- head -c 400000"]).text
            let processes = found.split(separator: "\n").compactMap { pid_t($0) }
            try ProcessState.waitUntilIdle("the client") { processes }
            try scratch.write("go", "")
            try TestRelay.wait(for: "the reader") { (try? scratch.read("\(scratch.path)/count"))?.isEmpty == false }
            #expect(
                try scratch.read("\(scratch.path)/count").trimmingCharacters(in: .whitespacesAndNewlines) == "400000"
            )
            try TestRelay.wait(for: "the client") { (try? scratch.read("\(scratch.path)/status"))?.isEmpty == false }
            #expect(try scratch.read("\(scratch.path)/status") == "0\n")
        }
    }

    @Test func `what follows the instance is the command, its options too`() throws {
        try Self.with { scratch, _ in
            let cases: [(arguments: [String], output: String)] = [
                (["web-1", "printf", "<%s>", "-la", "--user", "a b", "-t"], "<-la><--user><a b><-t>"),
                (
                    ["-n", "web-1", "-T", "sh", "-c", "printf '<%s>' \"$@\"", "-x", "--", "-y", "--help"],
                    "<--><-y><--help>"
                ),
                (["--timeout", "30", "web-1", "--keep-alive=9", "--", "printf", "<%s>", "--", "-v"], "<--><-v>"),
                (["web-1", "echo one; echo two"], "one\ntwo\n"),
            ]
            for (arguments, output) in cases {
                let run = try Execution.run(
                    [Scratch.program, "connect"] + arguments,
                    environment: scratch.environment
                )
                #expect(run.status == 0 && run.text == output, "\(arguments): \(run.text)\(run.error)")
            }
        }
    }

    @Test(arguments: [0, 1, 7, 126, 255]) func `the exit status is the command's own`(status: Int32) throws {
        try Self.with { scratch, _ in
            let run = try scratch.latchkey("connect", "web-1", "--", "exit \(status)")
            #expect(run.status == status)
        }
    }

    @Test(arguments: [("KILL", 137), ("TERM", 143), ("SEGV", 139)] as [(String, Int32)])
    func `death by a signal is shown as a shell shows it`(signal: String, status: Int32) throws {
        try Self.with { scratch, _ in
            let run = try scratch.latchkey("connect", "web-1", "--", "kill -\(signal) $$")
            #expect(run.status == status)
        }
    }

    @Test func `several words arrive as these words, a single one is a line`() throws {
        try Self.with { scratch, _ in
            let words = ["", "a  b", "it's", "$HOME", "*", "new\nline", "-x", "é'\u{301}"]
            let run = try Execution.run(
                [Scratch.program, "connect", "web-1", "--", "printf", "%s\\0"] + words,
                environment: scratch.environment
            )
            #expect(run.output == words.map { Data($0.utf8) + [0] }.reduce(Data(), +))
            #expect(try scratch.latchkey("connect", "web-1", "--", "echo a | tr a b; echo c").text == "b\nc\n")
        }
    }

    @Test func `a reader that goes away ends it, as it ends any filter`() throws {
        try Self.with { scratch, _ in
            let run = try Execution.run(
                ["bash", "-c", "\"$0\" connect web-1 -- yes | head -n 2; echo ${PIPESTATUS[0]}", Scratch.program],
                environment: scratch.environment
            )
            #expect(run.text == "y\ny\n141\n")
            #expect(run.error.isEmpty)
        }
    }

    @Test func `streams that the parent closed are nothing, not the connection`() throws {
        try Self.with { scratch, _ in
            let script = """
                "$0" connect web-1 -- 'echo secret; exit 3' >&-; echo $?
                "$0" connect web-1 -- 'cat; exit 4' <&-; echo $?
                "$0" connect web-1 -- 'cat; echo gone >&2; exit 5' <&- 2>&-; echo $?
                """
            let run = try Execution.run(["bash", "-c", script, Scratch.program], environment: scratch.environment)
            #expect(run.text == "3\n4\n5\n")
            #expect(run.error.isEmpty)
        }
    }

    @Test func `a socket that nobody reads does not hold back a signal`() throws {
        try Self.with { scratch, _ in
            let script = """
                import socket, subprocess, sys, time
                a, b = socket.socketpair()
                p = subprocess.Popen(sys.argv[1:] + ['connect', 'web-1', '--', 'yes'], stdin=subprocess.DEVNULL, stdout=b)
                a.recv(1)
                time.sleep(1)
                p.terminate()
                print(p.wait(100))
                """
            let run = try Execution.run(["python3", "-c", script, Scratch.program], environment: scratch.environment)
            #expect(run.line == "-15", "\(run.error)")
        }
    }

    @Test func `output on a full disk is told`() throws {
        try Self.with { scratch, _ in
            let run = try Execution.run(
                ["bash", "-c", "\"$0\" connect web-1 -- echo hello > /dev/full", Scratch.program],
                environment: scratch.environment
            )
            #expect(run.status == 255)
            #expect(run.error == "latchkey: error: the disk that takes the output is full\n")
        }
    }

    @Test func `an empty input with -n, a terminal only when asked for`() throws {
        try Self.with { (scratch, _) throws in
            #expect(try scratch.latchkey("connect", "web-1", "-n", "--", "wc -c", input: Data("abc".utf8)).line == "0")
            #expect(try scratch.latchkey("connect", "web-1", "--", "tty").line == "not a tty")
            #expect(try scratch.latchkey("connect", "web-1", "-t", "--", "tty").text.hasPrefix("/dev/pts/"))
            #expect(try scratch.latchkey("connect", "web-1", "-T", input: Data("tty; exit 4\n".utf8)).status == 4)
        }
    }

    @Test func `a user before the name, a user option, and another port`() throws {
        try Self.with { scratch, instance in
            #expect(try scratch.latchkey("connect", "\(instance.user)@web-1", "--", "id -un").line == instance.user)
            let refused = try scratch.latchkey("connect", "web-1", "--user", "nobody", "--", "id")
            #expect(refused.status == 255)
            #expect(refused.error.contains("does not let 'nobody' in"))
            let closed = try scratch.latchkey("connect", "web-1", "--port", "9", "--", "id")
            #expect(closed.status == 255)
            #expect(closed.error.contains("connection refused"))
        }
    }

    @Test func `-v tells each step with its time, and only on standard error`() throws {
        try Self.with { scratch, _ in
            let run = try scratch.latchkey("connect", "web-1", "-v", "--", "echo out")
            #expect(run.text == "out\n")
            for step in ["connected to 127.0.0.1:", "host key is the pinned one", "offering", "logged in as"] {
                #expect(run.error.contains(step))
            }
            #expect(run.error.split(separator: "\n").allSatisfy { $0.contains(" ms  ") })
        }
    }

    @Test func `an instance that falls silent is noticed`() throws {
        try Self.with { scratch, instance in
            defer { try? instance.freeze(false) }
            let script = """
                cd \(scratch.path); "$0" connect web-1 --keep-alive 1 -- 'echo begun; sleep 1000' >out; echo $? >status
                """
            let client = try BackgroundProcess(
                ["bash", "-c", script, Scratch.program],
                environment: scratch.environment,
                log: "\(scratch.path)/error"
            )
            defer { client.stop() }
            let (out, status) = ("\(scratch.path)/out", "\(scratch.path)/status")
            try TestRelay.wait(for: "the command") { (try? scratch.read(out)) == "begun\n" }
            try instance.freeze(true)
            try TestRelay.wait(for: "the client to end") { (try? scratch.read(status)) == "255\n" }
            #expect(try scratch.read("\(scratch.path)/error").contains("the instance has not answered for"))
        }
    }

    @Test func `a command that is interrupted here ends there`() throws {
        try Self.with { scratch, instance in
            // sshd passes no signal on to a process of root's ("session signalling requires privilege separation").
            let isRoot = instance.user == "root"
            let script = """
                "$0" connect web-1 -- 'echo $$; exec sleep 1000' > out & pid=$!
                until [ -s out ]; do sleep 0.1; done
                kill -INT $pid; wait $pid; echo $?
                "$0" connect web-1 -- "for n in \\$(seq \(isRoot ? 5 : 600)); do
                    kill -0 $(cat out) 2>/dev/null || { echo gone; exit; }; sleep 0.1; done; kill $(cat out); echo there"
                """
            let run = try Execution.run(
                ["bash", "-mc", "cd \(scratch.path); \(script)", Scratch.program],
                environment: scratch.environment
            )
            #expect(run.text == "130\n\(isRoot ? "there" : "gone")\n", "\(run)")
        }
    }
}
