// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

struct HostKeyTests {
    private func with(pinned: Bool, _ body: (Scratch, TestInstance) throws -> Void) throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("key", "create", "web")
            let key = try scratch.latchkey("key", "show", "web", "--public-key").line
            try TestInstance.with(authorizing: [key]) { instance in
                try instance.add("web-1", to: scratch, key: "web", pinned: pinned)
                try body(scratch, instance)
            }
        }
    }

    @Test func `a script is refused until the host key is attested`() throws {
        try with(pinned: false) { scratch, instance in
            let refused = try scratch.latchkey("connect", "web-1", "--", "echo in")
            #expect(refused.status == 255)
            #expect(refused.output.isEmpty)
            #expect(refused.error.contains("the host key of 'web-1' is not known yet"))
            #expect(!(try instance.log()).contains("Accepted publickey"))
            let accepted = try scratch.latchkey("connect", "web-1", "--accept-new-host-key", "--", "echo in")
            #expect(accepted.text == "in\n")
            #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
        }
    }

    @Test func `a changed host key is always refused, until it is given up by name`() throws {
        try with(pinned: true) { scratch, instance in
            #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
            try instance.changeHostKey()
            for arguments in [["--"], ["--accept-new-host-key", "--"]] {
                let run = try Execution.run(
                    [Scratch.program, "connect", "web-1"] + arguments + ["echo", "in"],
                    environment: scratch.environment
                )
                #expect(run.status == 255)
                #expect(run.output.isEmpty)
                #expect(run.error.contains("is not the one that is pinned"))
                #expect(run.error.contains("latchkey instance trust 'web-1' --forget"))
            }
            let explained = try scratch.latchkey("explain", "web-1")
            #expect(explained.text.contains("road      - ssh: the host key"))
            #expect(try scratch.latchkey("instance", "trust", "web-1", "--forget").status == 0)
            let accepted = try scratch.latchkey("connect", "web-1", "--accept-new-host-key", "--", "echo in")
            #expect(accepted.text == "in\n")
        }
    }

    @Test func `the console output of the first boot is enough to trust`() throws {
        try with(pinned: false) { scratch, instance in
            let keys = instance.hostKeys.joined(separator: "\n")
            let console = """
                [    1.0] booting ssh-ed25519 AAAA not a key
                -----BEGIN SSH HOST KEY KEYS-----
                \(keys)
                -----END SSH HOST KEY KEYS-----
                done
                """
            let trusted = try scratch.latchkey(
                "instance",
                "trust",
                "web-1",
                "--host-keys-from",
                "-",
                input: Data(console.utf8)
            )
            #expect(trusted.status == 0, "\(trusted.error)")
            #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
        }
    }

    /// Connects, and says goodbye in its arguments' words (RFC 4253 §11.1): ssh has none of its own for that, libssh
    /// (libssh.h) takes any.
    private static let goodbye = Script.text("goodbye_server")

    /// sshd repeats the words with which a client disconnects, newlines included, to its standard error.
    @Test func `nobody who connects puts host keys on the console`() throws {
        try with(pinned: false) { scratch, instance in
            let forged = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSZpaF5kM+zY/kzDTxKleTO8V9mpbbaS4sueCHFrmA7"
            let block = ["-----BEGIN SSH HOST KEY KEYS-----", forged, "-----END SSH HOST KEY KEYS-----"]
            try Execution.require(["python3", "-c", Self.goodbye, String(instance.port)] + block)
            let said = "\n" + block.joined(separator: "\n") + "\n"
            // What sshd writes is on the console a moment later.
            try TestRelay.wait(
                for: "the client's words on the console",
                { try instance.log().replacingOccurrences(of: "\r", with: "").contains(said) },
                otherwise: { try instance.log() }
            )
            let console = try instance.log()
            let boot = console.components(separatedBy: "Server listening")[0]
            let trusted = try scratch.latchkey(
                "instance",
                "trust",
                "web-1",
                "--host-keys-from",
                "-",
                input: Data(console.utf8)
            )
            if !boot.contains(block[0]) {
                // There is no boot: the forged block stands alone.
                #expect(trusted.status == 1 && trusted.error.contains("there is no host key"), "\(trusted.error)")
            } else {
                #expect(trusted.status == 0, "\(trusted.error)")
                #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
            }
        }
    }

    @Test func `keys are pinned to the instance, not to the address`() throws {
        try with(pinned: true) { scratch, instance in
            // Another instance at the same address, as after an address was used again.
            _ = try scratch.latchkey(
                "instance",
                "add",
                "web-2",
                "--address",
                "127.0.0.1:\(instance.port)",
                "--user",
                instance.user,
                "--key",
                "web"
            )
            let other = try scratch.latchkey("connect", "web-2", "--", "echo in")
            #expect(other.status == 255)
            #expect(other.error.contains("is not known yet"))
        }
    }
}
