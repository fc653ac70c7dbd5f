// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// What sessions outlive, and what ends them.
    struct Lives {
        /// Starts a transfer, does something to the relay in the middle of it, and compares what came through.
        private func transfer(_ disturbance: (TestRelay) throws -> Void) throws {
            try RelayTests.with { scratch, relay, _ in
                let bytes = RelayTests.noise(24 << 20)
                let (source, target) = ("\(scratch.path)/source", "\(scratch.path)/target")
                try bytes.write(to: URL(fileURLWithPath: source))
                // Not faster than this, and the last third only after it, so that the disturbance meets it in the middle.
                let script = """
                    import os, sys, time
                    with open(sys.argv[1], 'rb') as source:
                        while chunk := source.read(1 << 20):
                            while source.tell() > 16 << 20 and not os.path.exists('disturbed'): time.sleep(0.05)
                            sys.stdout.buffer.write(chunk)
                            sys.stdout.buffer.flush()
                            time.sleep(0.2)
                    """
                try scratch.write("slowly.py", script)
                let command = "\"$PROGRAM\" connect web-1 --road relay -- 'cat; exit 7' >'\(target)'; echo $? >status"
                let client = try BackgroundProcess(
                    ["bash", "-c", "cd '\(scratch.path)'; python3 slowly.py source | \(command)"],
                    environment: scratch.environment.merging(["PROGRAM": Scratch.program]) { $1 },
                    log: "\(scratch.path)/client.log"
                )
                defer { client.stop() }
                func size() -> Int {
                    (try? FileManager.default.attributesOfItem(atPath: target)[.size] as? Int) ?? 0
                }
                try TestRelay.wait(for: "the transfer to begin") { size() > 2 << 20 }
                try disturbance(relay)
                try scratch.write("disturbed", "")
                try TestRelay.wait(
                    for: "the transfer to end",
                    { (try? scratch.read("\(scratch.path)/status")) == "7\n" },
                    otherwise: { try scratch.read("\(scratch.path)/client.log") }
                )
                RelayTests.expect(try Data(contentsOf: URL(fileURLWithPath: target)), bytes)
                let words = try scratch.read("\(scratch.path)/client.log")
                #expect(words.contains("reconnecting"))
                #expect(words.contains("connected again"))
            }
        }

        @Test func `a latchkeyd that is killed costs a transfer not one byte`() throws {
            try transfer { relay in
                #expect(try relay.end(by: SIGKILL) == 137)
                try relay.start()
            }
        }

        @Test func `neither does one that is told to stop`() throws {
            try transfer { relay in
                #expect(try relay.end(by: SIGTERM) == 0)
                try relay.start()
            }
        }

        @Test func `nor one that is killed again and again`() throws {
            try transfer { relay in
                for _ in 0..<4 {
                    try relay.end(by: SIGKILL)
                    try relay.start()
                }
            }
        }

        @Test func `what a session's end was during a stop is known afterwards`() throws {
            try RelayTests.with { scratch, relay, agent in
                let client = try BackgroundProcess(
                    [
                        "bash", "-c",
                        """
                        cd '\(scratch.path)'
                        "$0" connect web-1 --road relay -- \
                            'until [ -e \(scratch.path)/go ]; do sleep 0.1; done; echo done; exit 9' >out
                        echo $? >status
                        """,
                        Scratch.program,
                    ],
                    environment: scratch.environment
                )
                defer { client.stop() }
                try RelayTests.wait(for: "Connected", relay, of: agent)
                try relay.end(by: SIGTERM)
                try scratch.write("go", "")
                try relay.start()
                try TestRelay.wait(for: "the client to end") { (try? scratch.read("\(scratch.path)/status")) == "9\n" }
                #expect(try scratch.read("\(scratch.path)/out") == "done\n")
                try RelayTests.wait(for: "Terminated", relay, of: agent)
            }
        }

        @Test func `an agent that is started anew has lost its sessions, and their clients hear so`() throws {
            try RelayTests.with { scratch, relay, agent in
                let client = try BackgroundProcess(
                    [
                        "bash", "-c",
                        "\"$0\" connect web-1 --road relay -- 'echo begun; sleep 1000'; echo status=$? >&2",
                        Scratch.program,
                    ],
                    environment: scratch.environment,
                    log: "\(scratch.path)/client.log"
                )
                defer { client.stop() }
                try RelayTests.wait(for: "Connected", relay, of: agent)
                try agent.end(by: SIGKILL)
                let log = { try scratch.read("\(scratch.path)/client.log") }
                try TestRelay.wait(
                    for: "the client to notice",
                    { try log().contains("waiting for it") },
                    otherwise: log
                )
                try agent.start()
                try TestRelay.wait(for: "the client to end", { try log().contains("status=255") }, otherwise: log)
                #expect(try log().contains("the agent was started anew, the session ended with it"))
                try RelayTests.wait(for: "Failed", relay, of: agent)
            }
        }

        @Test(arguments: CuttingProxy.Hold.allCases)
        func `why an agent could not run a session is heard, however late`(hold: CuttingProxy.Hold) throws {
            try Scratch.with { scratch in
                try TestRelay.with(scratch) { relay in
                    try CuttingProxy.with(to: relay.port) { proxy in
                        try TestAgent.with(relay, at: proxy.endpoint) { agent in
                            // From when the agent knows of the session, and before it finds that there is no such user.
                            proxy.holdControl(hold)
                            let client = try BackgroundProcess(
                                [
                                    "bash", "-c",
                                    "\"$0\" connect nobody-9@web-1 --road relay -- id; echo status=$? >&2",
                                    Scratch.program,
                                ],
                                environment: scratch.environment,
                                log: "\(scratch.path)/client.log"
                            )
                            defer { client.stop() }
                            let log = { try scratch.read("\(scratch.path)/client.log") }
                            try TestRelay.wait(
                                for: "the agent to give up",
                                { try log().contains("waiting for it") },
                                otherwise: log
                            )
                            proxy.releaseControl()
                            try TestRelay.wait(
                                for: "the client to end",
                                { try log().contains("status=255") },
                                otherwise: log
                            )
                            let words = try log()
                            #expect(words.contains("nobody-9"), "\(words)")
                            try RelayTests.wait(for: "Failed", relay, of: agent)
                        }
                    }
                }
            }
        }

        @Test func `the command of a client that is killed is waited for a moment, and ended`() throws {
            try RelayTests.with { scratch, relay, agent in
                let mark = Int.random(in: 100_000..<1_000_000)
                let client = try BackgroundProcess(
                    [Scratch.program, "connect", "web-1", "--road", "relay", "--", "sleep \(mark)"],
                    environment: scratch.environment
                )
                try RelayTests.wait(for: "Connected", relay, of: agent)
                try client.end(by: SIGKILL)
                try RelayTests.wait(for: "Disconnected", relay, of: agent)
                #expect(try Execution.run(["pgrep", "-fx", "sleep \(mark)"]).status == 0)
                try RelayTests.wait(for: "Terminated", relay, of: agent)
                try TestRelay.wait(for: "the command to end") {
                    try Execution.run(["pgrep", "-fx", "sleep \(mark)"]).status == 1
                }
            }
        }

        /// What it has to say waits for a client, and waiting costs nothing.
        @Test func `a shell that ends while no client is there keeps no processor busy`() throws {
            try RelayTests.with { scratch, relay, agent in
                let line =
                    "cd '\(scratch.path)'; >begun; until [ -e go ]; do sleep 0.1; done; echo la''te; echo $$ >ended; exit 3"
                let client = try BackgroundProcess(
                    [
                        "bash", "-c", "exec \"$0\" connect web-1 --road relay -t < <(echo \"$1\"; exec sleep 600)",
                        Scratch.program, line,
                    ],
                    environment: scratch.environment
                )
                try TestRelay.wait(for: "the shell to begin") {
                    FileManager.default.fileExists(atPath: "\(scratch.path)/begun")
                }
                try client.end(by: SIGKILL)
                try RelayTests.wait(for: "Disconnected", relay, of: agent)
                try scratch.write("go", "")
                var command: pid_t?
                try TestRelay.wait(for: "the command to end") {
                    command = pid_t(
                        (try? scratch.read("\(scratch.path)/ended"))?.trimmingCharacters(in: .newlines) ?? ""
                    )
                    return command.map { kill($0, 0) != 0 } ?? false
                }
                try agent.waitUntilIdle()
                let session = try scratch.latchkey("session", "list", "-q").line
                let attached = try scratch.latchkey("session", "attach", session)
                #expect(attached.text.contains("late") && attached.status == 3, "\(attached)")
            }
        }

        @Test func `one that reads nothing does not hold up the others`() throws {
            try RelayTests.with { scratch, relay, agent in
                // Its output is a pipe that nobody empties.
                let idle = try BackgroundProcess(
                    ["bash", "-c", "\"$0\" connect web-1 --road relay -- yes | sleep 600", Scratch.program],
                    environment: scratch.environment
                )
                defer { idle.stop() }
                try RelayTests.wait(for: "Connected", relay, of: agent)
                let bytes = RelayTests.noise(8 << 20)
                try bytes.write(to: URL(fileURLWithPath: "\(scratch.path)/bytes"))
                let script = """
                    run -- cat <bytes >one & first=$!
                    run -- cat <bytes >two & second=$!
                    wait $first; echo $?; wait $second; echo $?
                    cmp bytes one && cmp bytes two && run -- 'exit 4'; echo $?
                    """
                #expect(try RelayTests.bash(scratch, script).text == "0\n0\n4\n")
                #expect(try relay.isHealthy())
            }
        }

        @Test func `who stops reading for a while goes on where it stopped`() throws {
            try RelayTests.with { scratch, relay, _ in
                let script = """
                    import hashlib, os, subprocess, sys, time
                    # Numbers, so that every place in the stream is another.
                    words = [os.environ['PROGRAM'], 'connect', 'web-1', '--road', 'relay', '--', 'seq 6000000']
                    client = subprocess.Popen(words, stdout=subprocess.PIPE)
                    found = hashlib.sha256(client.stdout.read(1000))
                    # Longer than the relay waits for a client that does not read.
                    time.sleep(18)
                    while chunk := client.stdout.read(1 << 20):
                        found.update(chunk)
                    wanted = hashlib.sha256()
                    for first in range(1, 6000001, 100000):
                        lines = (str(number) + '\\n' for number in range(first, first + 100000))
                        wanted.update(''.join(lines).encode())
                    print(client.wait(), found.hexdigest() == wanted.hexdigest())
                    """
                let run = try Execution.run(
                    ["python3", "-c", script],
                    environment: scratch.environment.merging(["PROGRAM": Scratch.program]) { $1 },
                    timeout: 3 * Execution.timeout
                )
                #expect(run.line == "0 True", "\(run.error)")
                #expect(try relay.isHealthy())
            }
        }
    }
}
