// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// `key install` and `key replace` where `authorized_keys` is not all that sshd goes by.
struct KeyElsewhereTests {
    /// web-1, which the key pair `old` opens by lines of its `authorized_keys`, and another file that sshd asks, too.
    private static func with(
        lines: (_ old: String) -> [String] = { [$0] },
        elsewhere: (_ old: String) -> String = { _ in "" },
        _ body: (Scratch, TestInstance) throws -> Void
    ) throws {
        try Scratch.with { scratch in
            for name in ["old", "new"] { _ = try scratch.latchkey("key", "create", name) }
            let old = try scratch.latchkey("key", "show", "old", "--public-key").line
            let more = try scratch.write("more", elsewhere(old))
            let options = ["AuthorizedKeysCommand=/bin/cat \(more)", "AuthorizedKeysCommandUser=root"]
            try TestInstance.with(authorizing: lines(old), options: options, on: .sshd) { instance in
                try instance.add("web-1", to: scratch, key: "old")
                try body(scratch, instance)
            }
        }
    }

    @Test func `an old key that opens by another file is told, with status 1`() throws {
        try Self.with(elsewhere: { "\($0)\n" }) { scratch, instance in
            let run = try scratch.latchkey("key", "replace", "web-1", "--with", "new")
            #expect(run.status == 1, "\(run.text)")
            #expect(run.error.contains("the new key opens 'web-1', and so does SHA256:"), "\(run.error)")
            #expect(run.error.contains("AuthorizedKeysCommand"), "\(run.error)")
            let old = try scratch.latchkey("key", "show", "old", "--public-key").line
            #expect(try !instance.shell("cat .ssh/authorized_keys").text.contains(old))
            // It was found before, and is so again.
            #expect(try scratch.latchkey("key", "replace", "web-1", "--with", "new").status == 1)
            try Execution.require(["cp", "/dev/null", "\(scratch.path)/more"])
            let again = try scratch.latchkey("key", "replace", "web-1", "--with", "new")
            #expect(again.status == 0 && again.text.contains("unchanged"), "\(again)")
        }
    }

    @Test(arguments: ["expiry-time=\"20200101\"", "from=\"192.0.2.1\""])
    func `a key that is there and barred is not said to be let in`(option: String) throws {
        try Self.with { scratch, instance in
            let new = try scratch.latchkey("key", "show", "new", "--public-key").line
            try instance.shell("echo '\(option) \(new)' >>.ssh/authorized_keys")
            let run = try scratch.latchkey("key", "install", "web-1", "--key", "new")
            #expect(run.status == 1, "\(run.text)")
            #expect(run.error.contains("does not take it: its line says \(option)"), "\(run.error)")
        }
    }

    @Test func `a key that is there and bound to a command is shown with that`() throws {
        try Self.with { scratch, instance in
            let new = try scratch.latchkey("key", "show", "new", "--public-key").line
            try instance.shell("echo 'command=\"uptime\" \(new)' >>.ssh/authorized_keys")
            let run = try scratch.latchkey("key", "install", "web-1", "--key", "new")
            #expect(run.status == 0, "\(run.error)")
            #expect(run.text.contains("already uses this key, with command=\"uptime\""), "\(run.text)")
        }
    }
}
