// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// Instances whose SSH port nobody reaches, as they are in production: in containers, with an agent that dialled out.
@Suite(.enabled(if: Engine.current == .docker, "containers are what this is about"))
struct ContainerTests {
    @Test func `an instance whose port is closed is entered over every road that is left`() throws {
        try Scratch.with { scratch in
            let key = "\(scratch.sshFolder)/id_ed25519"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
            let line = try scratch.read("\(key).pub")
            try TestRelay.with(scratch) { relay in
                try ContainerAgent.with(relay, "web-1", authorizing: line) { container in
                    let direct = try scratch.latchkey(
                        "connect",
                        "web-1",
                        "--road",
                        "ssh",
                        "--timeout",
                        "5",
                        "--",
                        "true"
                    )
                    #expect(direct.status == 255)

                    // Without being told: the address does not answer, a key is named, so SSH goes through the relay. Its
                    // host key was reported by the agent, and nobody is asked about it.
                    let ssh = try scratch.latchkey(
                        "connect",
                        "web-1",
                        "-u",
                        "admin",
                        "-i",
                        key,
                        "--",
                        "id -un; echo err >&2; exit 3"
                    )
                    #expect(ssh.status == 3)
                    #expect(ssh.text == "admin\n")
                    #expect(ssh.error.contains("trying SSH through the relay"))
                    #expect(ssh.error.hasSuffix("err\n"))

                    // With no key at all.
                    try FileManager.default.removeItem(atPath: key)
                    let relayed = try scratch.latchkey("connect", "web-1", "--", "id -un; echo err >&2; exit 4")
                    #expect(relayed.status == 4)
                    #expect(relayed.text == "ssm-user\n")
                    #expect(relayed.error.contains("going through the relay"))
                    let admin = try scratch.latchkey(
                        "connect",
                        "admin@web-1",
                        "--road",
                        "relay",
                        "--",
                        "id -un; id -Gn"
                    )
                    #expect(admin.text == "admin\nadmin adm sudo\n")
                    #expect(try container.shell("stat -c %a /etc/sudoers.d/ssm-agent-users").line == "440")
                }
            }
        }
    }

    @Test func `bytes go through unharmed both ways`() throws {
        try Scratch.with { scratch in
            try TestRelay.with(scratch) { relay in
                try ContainerAgent.with(relay, "web-1", authorizing: "") { _ in
                    var generator = SeededGenerator(seed: 7)
                    let bytes = Data((0..<3_000_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
                    let echoed = try scratch.latchkey("connect", "web-1", "--road", "relay", "--", "cat", input: bytes)
                    #expect(echoed.status == 0)
                    RelayTests.expect(echoed.output, bytes)
                }
            }
        }
    }

    @Test func `a shell in a terminal survives a relay that is killed`() throws {
        try Scratch.with { scratch in
            try TestRelay.with(scratch) { relay in
                try ContainerAgent.with(relay, "web-1", authorizing: "") { container in
                    try Screen.with(scratch) { screen in
                        try screen.enter("\(Scratch.program) connect web-1 --road relay")
                        try screen.expect("$ ")
                        try screen.enter("stty size; MARK=kept")
                        try screen.expect("30 100")
                        try relay.end(by: SIGKILL)
                        try screen.enter("echo still $MARK")
                        try relay.start("--listen", "\(container.hostAddress):\(relay.port)")
                        try screen.expect("still kept")
                    }
                }
            }
        }
    }
}
