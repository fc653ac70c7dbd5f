// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// The official amazon-ssm-agent at the instance's end, where it is on the PATH: registered with an activation, in a
/// container.
@Suite(.serialized) struct OfficialAgentTests {
    static let isThere = ContainerAgent.officialFolder != nil && Engine.current == .docker

    /// Says on what the suite runs: whoever reads its output learns what was not tried.
    @Test func `the official agent is there, or its tests are not run`() {
        let verdict =
            switch (ContainerAgent.officialFolder, Engine.current) {
            case (nil, _): "NOT ON THE PATH, NOT TESTED"
            case (_, .sshd): "NOT TESTED WITHOUT CONTAINERS"
            case (let folder?, .docker): "in \(folder)"
            }
        print("latchkey: amazon-ssm-agent is \(verdict)")
    }

    private func with(_ body: (Scratch, TestRelay, ContainerAgent) throws -> Void) throws {
        try Scratch.with { scratch in
            let key = "\(scratch.sshFolder)/id_ed25519"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
            try TestRelay.with(scratch) { relay in
                try ContainerAgent.with(
                    relay,
                    "web-1",
                    authorizing: try scratch.read("\(key).pub"),
                    make: .amazon
                ) { agent in try body(scratch, relay, agent) }
            }
        }
    }

    @Test(.enabled(if: isThere)) func `it opens a shell for our client, with its size, input and end`() throws {
        try with { scratch, _, _ in
            try Screen.with(scratch, environment: ["PROGRAM": Scratch.program]) { screen in
                try screen.enterShell("--road relay", note: "over relay")
                try screen.enterCleared("id -un; echo MARK$((40 + 2))")
                try screen.expect("MARK42")
                try screen.expect("ssm-user")
                try screen.resize(columns: 81, rows: 22)
                try screen.enterCleared("until stty size | grep '22 81'; do sleep 0.1; done")
                try screen.wait(for: "the size") { $0.hasPrefix("22 81") }
                try screen.enterSleep()
                try screen.press("C-c")
                try screen.enterCleared("echo inter\"rup\"ted")
                try screen.expect("interrupted")
                try screen.enter("exit")
                try screen.expectRestored()
            }
        }
    }

    @Test(.enabled(if: isThere)) func `it runs commands for our client, with both streams and the status`() throws {
        try with { scratch, _, _ in
            for status in [Int32(0), 7] {
                let run = try scratch.latchkey(
                    "connect",
                    "web-1",
                    "--road",
                    "relay",
                    "--",
                    "echo out; echo err >&2; exit \(status)"
                )
                #expect(run.status == status)
                #expect(run.text == "out\n")
                #expect(run.error == "err\n")
            }
            let long = try scratch.latchkey("connect", "web-1", "--road", "relay", "--", "seq 30000")
            #expect(long.status == 0)
            RelayTests.expect(long.output, Data((1...30_000).map { "\($0)\n" }.joined().utf8))
        }
    }

    @Test(.enabled(if: isThere)) func `SSH goes through its port unharmed`() throws {
        try with { scratch, _, agent in
            // It reports no host keys.
            let hostKey = try agent.shell("cat /etc/ssh/ssh_host_ed25519_key.pub").line
            _ = try scratch.latchkey("instance", "trust", "web-1", "--host-key", hostKey)
            let bytes = RelayTests.noise(1 << 20)
            let run = try scratch.latchkey(
                "connect",
                "admin@web-1",
                "--road",
                "ssh-over-relay",
                "-i",
                "\(scratch.sshFolder)/id_ed25519",
                "--",
                "cat; id -un >&2; exit 3",
                input: bytes
            )
            #expect(run.status == 3)
            #expect(run.error.hasSuffix("admin\n"))
            RelayTests.expect(run.output, bytes)
        }
    }

    @Test(.enabled(if: isThere && RelayTests.OfficialPlugin.isThere))
    func `the official plugin opens a shell and runs a command on it`() throws {
        try with { _, relay, _ in
            let shell = try RelayTests.OfficialPlugin.run(
                relay,
                "SSM-SessionManagerRunShell",
                "{}",
                feed: "sleep 3; echo 'echo MARK$((40 + 2))'; sleep 2; echo exit; sleep 20"
            )
            #expect(shell.contains("MARK42"))
            #expect(shell.contains("Exiting session with sessionId"))
            let command = try RelayTests.OfficialPlugin.run(
                relay,
                "AWS-StartNonInteractiveCommand",
                #"{"command": ["sh -c 'echo to-output; echo to-error >&2; exit 7'"], "separateOutputStream": ["true"]}"#,
                feed: "sleep 20"
            )
            #expect(command.contains("to-output"))
            #expect(command.contains("to-error"))
            #expect(command.contains("EXIT_CODE: 7"))
        }
    }
}
