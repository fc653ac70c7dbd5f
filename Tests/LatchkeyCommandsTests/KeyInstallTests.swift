// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// `key install` and `key replace` against real sshds.
struct KeyInstallTests {
    /// An instance web-1 that the key pair `old` opens, and a key pair `new` beside it.
    private static func with(
        options: [String] = ["MaxAuthTries=1"],
        lines: (_ old: String) -> [String] = { [$0] },
        _ body: (Scratch, TestInstance) throws -> Void
    ) throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("key", "create", "old")
            _ = try scratch.latchkey("key", "create", "new", "--type", "rsa", "--format", "ppk")
            let old = try scratch.latchkey("key", "show", "old", "--public-key").line
            try TestInstance.with(authorizing: lines(old), options: options) { instance in
                try instance.add("web-1", to: scratch, key: "old")
                try body(scratch, instance)
            }
        }
    }

    private static func publicKey(_ name: String, _ scratch: Scratch) throws -> String {
        try scratch.latchkey("key", "show", name, "--public-key").line
    }

    private static func opens(_ scratch: Scratch, with key: String) throws -> Bool {
        try scratch.latchkey("connect", "web-1", "--key", key, "--", "echo in").text.hasSuffix("in\n")
    }

    private static let file = ".ssh/authorized_keys"

    @Test func `a key takes the place of another, and all else stays as it is`() throws {
        let lines = { (old: String) in
            ["# mine", "environment=\"A=b c\",no-agent-forwarding \(old)", "garbage \u{E9} line", "", "# end"]
        }
        try Self.with(lines: lines) { scratch, instance in
            try instance.shell("chmod 440 \(Self.file) && touch -d 2001-01-01 .ssh/config")
            let before = try instance.shell("cat \(Self.file)").text
            let rehearsed = try scratch.latchkey("key", "replace", "web-1", "--with", "new", "--dry-run")
            #expect(rehearsed.status == 0 && rehearsed.text.contains("planned"), "\(rehearsed)")
            #expect(try instance.shell("cat \(Self.file)").text == before)

            let run = try scratch.latchkey("key", "replace", "web-1", "--with", "new")
            #expect(run.status == 0 && run.text.contains("replaced"), "\(run)")
            let (old, new) = (try Self.publicKey("old", scratch), try Self.publicKey("new", scratch))
            #expect(try instance.shell("cat \(Self.file)").text == before.replacing(old, with: new))
            #expect(try instance.shell("stat -c '%a %U' \(Self.file)").line == "440 \(instance.user)")
            #expect(try instance.shell("ls -A .ssh").text == "authorized_keys\nconfig\n")
            #expect(try Self.opens(scratch, with: "new"))
            #expect(try !Self.opens(scratch, with: "old"))
            // Without a key named, the new one is what is offered first.
            #expect(try scratch.latchkey("connect", "web-1", "--", "echo in").text == "in\n")
            #expect(try scratch.latchkey("instance", "show", "web-1").text.contains("key        new"))

            let again = try scratch.latchkey("key", "replace", "web-1", "--with", "new")
            #expect(again.status == 0 && again.text.contains("unchanged"), "\(again)")
        }
    }

    @Test func `one more key is let in, once`() throws {
        try Self.with { scratch, instance in
            let run = try scratch.latchkey("key", "install", "web-1", "--key", "new")
            #expect(run.status == 0 && run.text.contains("installed"), "\(run)")
            #expect(try scratch.latchkey("key", "install", "web-1", "--key", "new").text.contains("unchanged"))
            #expect(try instance.shell("grep -c ssh- \(Self.file)").line == "2")
            #expect(try Self.opens(scratch, with: "new") && Self.opens(scratch, with: "old"))
            // A public key will do.
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(scratch.path)/friend"])
            _ = try scratch.latchkey("key", "install", "web-1", "--key", "\(scratch.path)/friend.pub")
            #expect(try Self.opens(scratch, with: "\(scratch.path)/friend"))
        }
    }

    @Test func `a key that the instance then does not let in is taken away again`() throws {
        // Keys of this kind are not accepted there.
        try Self.with(options: ["PubkeyAcceptedAlgorithms=ssh-ed25519"]) { scratch, instance in
            let before = try instance.shell("cat \(Self.file)").text
            for command in [["install", "web-1", "--key", "new"], ["replace", "web-1", "--with", "new"]] {
                let run = try Execution.run(
                    [Scratch.program, "key"] + command,
                    environment: scratch.environment
                )
                #expect(run.status == 1, "\(run)")
                #expect(run.error.contains("does not"), "\(run)")
                #expect(try instance.shell("cat \(Self.file)").text == before)
            }
            #expect(try Self.opens(scratch, with: "old"))
        }
    }

    @Test func `a forced command stands in the way, and is told`() throws {
        try Self.with(lines: { ["command=\"echo no\" \($0)"] }) { scratch, instance in
            let run = try scratch.latchkey("key", "install", "web-1", "--key", "new")
            #expect(run.status == 1)
            #expect(run.error.contains("ran no script"), "\(run)")
            #expect(try instance.shell("grep -c ssh- \(Self.file)").line == "1")
        }
    }

    @Test func `a folder that cannot be written, a link, noise at the login`() throws {
        try Self.with { scratch, instance in
            // What start-up files print is not taken for an answer.
            try instance.shell("printf 'echo latchkey-done; echo noise\\n' >.bashrc; cp .bashrc .profile")
            // A link is followed, and stays one.
            try instance.shell("mkdir keys && mv \(Self.file) keys/real && ln -s ../keys/real \(Self.file)")
            #expect(try scratch.latchkey("key", "install", "web-1", "--key", "new").text.contains("installed"))
            #expect(try instance.shell("test -L \(Self.file) && grep -c ssh- keys/real").line == "2")
            #expect(try instance.shell("ls -A keys").line == "real")

            guard instance.user != "root" else { return }
            try instance.shell("chmod 500 keys")
            let run = try scratch.latchkey("key", "replace", "web-1", "--with", "new")
            #expect(run.status == 1, "\(run)")
            #expect(run.error.contains("did not change its authorized_keys"), "\(run)")
            #expect(try Self.opens(scratch, with: "old"))
        }
    }

    @Test func `no file at all, and one that is no file`() throws {
        try Self.with { scratch, instance in
            // The login stays open by a certificate-like way: another file that sshd reads by default.
            try instance.shell("mv \(Self.file) \(Self.file)2")
            let run = try scratch.latchkey("key", "install", "web-1", "--key", "new")
            #expect(run.status == 0, "\(run)")
            #expect(try instance.shell("grep -c ssh- \(Self.file)2").line == "2")
            let replaced = try scratch.latchkey("key", "replace", "web-1", "--with", "new")
            #expect(replaced.text.contains("replaced"), "\(replaced)")
            #expect(try instance.shell("mkdir \(Self.file) && grep -c ssh- \(Self.file)2").line == "1")
            let refused = try scratch.latchkey("key", "install", "web-1", "--key", "old")
            #expect(refused.status == 1 && refused.error.contains("is no file"), "\(refused)")
        }
    }

    @Test func `what cannot be done is told before anything is done`() throws {
        try Self.with { scratch, _ in
            let public1 = try scratch.write("friend.pub", try Self.publicKey("new", scratch))
            let cases: [([String], Int32, String)] = [
                (["replace", "web-1", "--with", public1], 1, "is not a private key"),
                (["replace", "web-1", "--with", "nope"], 1, "no key pair named 'nope'"),
                (["install", "web-9", "--key", "new"], 1, "no instance matches 'web-9'"),
                (["install", "--key", "new"], 64, "no instance is named"),
                (["install", "--on", "tag:env=none", "--key", "new"], 1, "no instance matches"),
                (["install", "web-1", "--key", "new", "--jobs", "0"], 64, "--jobs must be"),
            ]
            for (arguments, status, error) in cases {
                let run = try Execution.run([Scratch.program, "key"] + arguments, environment: scratch.environment)
                #expect(run.status == status && run.error.contains(error), "\(arguments): \(run)")
            }
        }
    }

    @Test func `a new key that is there already but only runs one command takes nobody's place`() throws {
        try Self.with { scratch, instance in
            let new = try Self.publicKey("new", scratch)
            try instance.shell("echo 'command=\"echo deployed\" \(new)' >>\(Self.file)")
            let before = try instance.shell("cat \(Self.file)").text
            let run = try scratch.latchkey("key", "replace", "web-1", "--with", "new")
            #expect(run.status == 1 && run.error.contains("ran no script"), "\(run)")
            #expect(try instance.shell("cat \(Self.file)").text == before)
            #expect(try Self.opens(scratch, with: "old"))
        }
    }

    @Test func `somebody's way in for the worst case is not taken for the old key`() throws {
        try Self.with { scratch, instance in
            // A key of one's own opens, too, and is what is left when the replacement was cut short before it was noted.
            let own = "\(scratch.sshFolder)/id_ed25519"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", own])
            let line = try scratch.read("\(own).pub").trimmingCharacters(in: .newlines)
            let new = try Self.publicKey("new", scratch)
            try instance.shell("printf '%s\\n' '\(line)' '\(new)' >\(Self.file)")
            let run = try scratch.latchkey("key", "replace", "web-1", "--with", "new")
            #expect(run.status == 0 && run.text.contains("unchanged"), "\(run)")
            #expect(try instance.shell("cat \(Self.file)").text == "\(line)\n\(new)\n")
            #expect(try scratch.latchkey("instance", "show", "web-1").text.contains("key        new"))
            // Where nothing else is known, the key that opens is the one that is replaced.
            try instance.shell("printf '%s\\n' '\(line)' >\(Self.file)")
            try instance.add("web-2", to: scratch)
            let first = try scratch.latchkey("key", "replace", "web-2", "--with", "new")
            #expect(first.text.contains("replaced"), "\(first)")
            #expect(try instance.shell("cat \(Self.file)").text == "\(new)\n")
        }
    }

    @Test func `a public key is taken from an encrypted private one without its passphrase`() throws {
        try Self.with { scratch, _ in
            let path = "\(scratch.path)/locked"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-a", "2", "-N", "secret", "-f", path])
            let run = try scratch.latchkey("key", "install", "web-1", "--key", path)
            #expect(run.status == 0 && run.text.contains("installed"), "\(run)")
        }
    }
}
