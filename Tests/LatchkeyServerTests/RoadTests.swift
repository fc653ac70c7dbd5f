// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// Which road is taken, and when another one is not.
    struct Roads {
        /// web-1 with a sshd, a key pair that opens it, a relay and an agent beside the sshd.
        ///
        /// - Parameter address: where web-1 is said to be; nil for where it is.
        private func with(
            _ address: String? = nil,
            key: String? = "web",
            _ body: (Scratch, TestInstance, TestRelay, TestAgent) throws -> Void
        ) throws {
            try Scratch.with { scratch in
                _ = try scratch.latchkey("key", "create", "web")
                let publicKey = try scratch.latchkey("key", "show", "web", "--public-key").line
                try TestInstance.with(authorizing: key == nil ? [] : [publicKey]) { instance in
                    var words = [Scratch.program, "instance", "add", "web-1", "--user", instance.user]
                    words += ["--address", "\(address ?? "127.0.0.1"):\(instance.port)"]
                    words += key.map { ["--key", $0] } ?? []
                    words += instance.hostKeys.flatMap { ["--host-key", $0] }
                    try Execution.require(words, environment: scratch.environment)
                    try TestRelay.with(scratch) { relay in
                        try TestAgent.with(relay) { agent in try body(scratch, instance, relay, agent) }
                    }
                }
            }
        }

        private func sessions(_ relay: TestRelay, _ agent: TestAgent) throws -> Int {
            try RelayTests.status(relay, of: agent).count
        }

        @Test func `each road leads to where it should when it is named`() throws {
            try with { scratch, instance, relay, agent in
                let ask = "echo ${SSH_CONNECTION:+ssh}; exit 3"
                let direct = try scratch.latchkey("connect", "web-1", "--road", "ssh", "--", ask)
                #expect(direct.status == 3)
                #expect(direct.text == "ssh\n")
                #expect(try sessions(relay, agent) == 0)
                let tunnelled = try scratch.latchkey(
                    "connect",
                    "web-1",
                    "--road",
                    "ssh-over-relay",
                    "--port",
                    String(instance.port),
                    "--",
                    ask
                )
                #expect(tunnelled.status == 3)
                #expect(tunnelled.text == "ssh\n")
                #expect(try sessions(relay, agent) == 1)
                let words = ["connect", "\(NSUserName())@web-1", "--road", "relay", "--", "exit 4"]
                #expect(try Execution.run([Scratch.program] + words, environment: scratch.environment).status == 4)
                #expect(try sessions(relay, agent) == 2)
                // The direct one is the best where it is open.
                #expect(try scratch.latchkey("connect", "web-1", "--", ask).text == "ssh\n")
                #expect(try sessions(relay, agent) == 2)
                try RelayTests.wait(for: "Terminated", relay, of: agent)
            }
        }

        @Test func `8 MiB go over SSH through the relay unchanged`() throws {
            try with { scratch, instance, _, _ in
                let bytes = RelayTests.noise(8 << 20)
                let run = try scratch.latchkey(
                    "connect",
                    "web-1",
                    "--road",
                    "ssh-over-relay",
                    "--port",
                    String(instance.port),
                    "--",
                    "cat; exit 5",
                    input: bytes,
                    timeout: 4 * Execution.timeout
                )
                #expect(run.status == 5)
                RelayTests.expect(run.output, bytes)
            }
        }

        @Test func `where no address answers, SSH goes through the relay with a proved key`() throws {
            // Another loopback address: nothing listens there, but the agent finds the sshd at its own.
            try with("127.0.0.2") { scratch, instance, relay, agent in
                let run = try scratch.latchkey(
                    "connect",
                    "web-1",
                    "--port",
                    String(instance.port),
                    "--",
                    "echo ${SSH_CONNECTION:+ssh}; exit 255"
                )
                #expect(run.status == 255)
                #expect(run.text == "ssh\n")
                #expect(run.error.contains("trying SSH through the relay"))
                #expect(try sessions(relay, agent) == 1)
            }
        }

        @Test func `where no key fits, the agent's shell is taken, and the command runs once`() throws {
            try with(key: nil) { scratch, _, relay, agent in
                let mark = "\(scratch.path)/mark"
                let words = ["connect", "\(NSUserName())@web-1", "--", "echo ran >>'\(mark)'; exit 255"]
                let run = try Execution.run([Scratch.program] + words, environment: scratch.environment)
                #expect(run.status == 255)
                #expect(run.error.contains("going through the relay"))
                #expect(try scratch.read(mark) == "ran\n")
                #expect(try sessions(relay, agent) == 1)
            }
        }

        @Test func `an agent that does not answer is waited for as long as entering may take`() throws {
            try with(key: nil) { scratch, _, relay, agent in
                try agent.send(SIGSTOP)
                defer { try? agent.send(SIGCONT) }
                for road in [[], ["--road", "relay"]] {
                    let words = ["connect", "\(NSUserName())@web-1", "--timeout", "3"] + road + ["--", "true"]
                    let run = try Execution.run([Scratch.program] + words, environment: scratch.environment)
                    #expect(run.status == 255)
                    #expect(run.error.contains("the agent of 'web-1' has not answered within 3 s"), "\(run.error)")
                    #expect(run.error.contains("hint: the agent's log"))
                }
                try RelayTests.wait(for: "Terminated", relay, of: agent)
            }
        }

        @Test func `a command may be as long as an instance's shell takes it, over every road`() throws {
            try with { scratch, instance, _, _ in
                let filler = "echo in; : "
                let longest = filler + String(repeating: "x", count: 128 * 1024 - 1 - filler.utf8.count)
                // More than one word of this program's own can be.
                let half = String(repeating: "x", count: 64 * 1024)
                let tunnel = ["--road", "ssh-over-relay", "--port", String(instance.port)]
                for road in [["web-1"], ["web-1"] + tunnel, ["\(NSUserName())@web-1", "--road", "relay"]] {
                    let words = [Scratch.program, "connect"] + road + ["--"]
                    let run = try Execution.run(words + [longest], environment: scratch.environment)
                    #expect(run.status == 0 && run.text == "in\n", "\(road): \(run.error)")
                    let tooLong = try Execution.run(words + [half, half], environment: scratch.environment)
                    #expect(tooLong.status == 64)
                    #expect(tooLong.error.contains("131073 bytes long"), "\(tooLong.error)")
                }
            }
        }

        @Test func `a command that ran is not run again, whatever its status`() throws {
            try with { scratch, instance, relay, agent in
                try instance.shell("rm -f ran")
                let failed = try scratch.latchkey("connect", "web-1", "--", "echo ran >>~/ran; exit 255")
                #expect(failed.status == 255)
                let cut = try scratch.latchkey("connect", "web-1", "--", "echo ran >>~/ran; kill -KILL $PPID")
                #expect(cut.status == 255)
                #expect(try instance.shell("cat ran; rm ran").text == "ran\nran\n")
                #expect(try sessions(relay, agent) == 0)
            }
        }

        @Test func `a changed host key is never left for another road`() throws {
            try with { scratch, instance, relay, agent in
                try instance.changeHostKey()
                for road in [[], ["--road", "ssh-over-relay", "--port", String(instance.port)]] {
                    let words = [Scratch.program, "connect", "web-1"] + road + ["--", "echo in"]
                    let run = try Execution.run(words, environment: scratch.environment)
                    #expect(run.status == 255)
                    #expect(run.output.isEmpty)
                    #expect(run.error.contains("host key"))
                    #expect(!run.error.contains("relay\n"))
                }
                // The second one opened a port, nobody a shell.
                let documents = try relay.python(
                    "print([s['DocumentName'] for s in client().describe_sessions(State='History')['Sessions']])"
                )
                #expect(documents == "['Latchkey-SSH']")
                #expect(try sessions(relay, agent) == 1)
            }
        }

        @Test func `without an agent the direct road's own error is told`() throws {
            try with("127.0.0.2") { scratch, instance, relay, agent in
                try agent.end(by: SIGTERM)
                let place = "'web-1' at 127.0.0.2:\(instance.port)"
                let expected = "latchkey: error: cannot reach \(place): connection refused\n"
                try TestRelay.wait(for: "the relay to notice") {
                    try relay.log().contains("\"agent disconnected\"")
                }
                let absent = try scratch.latchkey("connect", "web-1", "--", "id")
                #expect(absent.status == 255)
                let first = "latchkey: note: its agent is not connected to the relay\n"
                #expect(absent.error.hasPrefix(first + expected), "\(absent.error)")
                try relay.end(by: SIGTERM)
                let alone = try scratch.latchkey("connect", "web-1", "--", "id")
                #expect(alone.status == 255)
                #expect(alone.error.hasPrefix("latchkey: note: the relay does not answer: "), "\(alone.error)")
                #expect(alone.error.contains("\n" + expected), "\(alone.error)")
                let named = try scratch.latchkey("connect", "web-1", "--road", "relay", "--", "id")
                #expect(named.status == 255)
                #expect(named.error.hasPrefix("latchkey: error: the relay cannot be used: "))
            }
        }
    }
}
