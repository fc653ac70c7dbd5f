// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// A person at a terminal: tmux types, and what it shows is read.
@Suite(.serialized) struct InteractiveTests {
    private func with(_ body: (Scratch, TestInstance, Screen) throws -> Void) throws {
        try ConnectCommandTests.with { scratch, instance in
            try Screen.with(scratch, environment: ["PROGRAM": Scratch.program]) { screen in
                try body(scratch, instance, screen)
            }
        }
    }

    @Test func `the size is right from the first byte, and follows`() throws {
        try with { _, _, screen in
            try screen.enterShell(note: "over ssh as")
            try screen.enter("stty size")
            try screen.expect("30 100")
            try screen.resize(columns: 81, rows: 22)
            try screen.enter("stty size")
            try screen.expect("22 81")
            try screen.enter("exit 5")
            try screen.expect("local$")
            try screen.enter("echo \"status=$?\"")
            try screen.expect("status=5")
            try screen.expectRestored()
        }
    }

    @Test func `vim works, in UTF-8, at a size that changes meanwhile`() throws {
        try with { _, _, screen in
            let file = "/tmp/note-\(UUID().uuidString.prefix(8))"
            try screen.enterShell(note: "over ssh as")
            try screen.enter("vim \(file)")
            try screen.expect(file)
            try screen.type("igrüße, 東京")
            try screen.expect("grüße, 東京")
            try screen.resize(columns: 70, rows: 20)
            try screen.press("Escape")
            try screen.enter(":set columns? lines?")
            try screen.expect("columns=70")
            try screen.expect("lines=20")
            try screen.press("Enter")
            try screen.enter(":wq")
            try screen.expect("there$")
            try screen.enterCleared("cat \(file); wc -c \(file); rm \(file)")
            try screen.expect("grüße, 東京")
            try screen.expect("16 \(file)")
        }
    }

    @Test func `top redraws to a size that changes`() throws {
        try with { _, _, screen in
            try screen.enterShell(note: "over ssh as")
            try screen.enter("top -d 0.5")
            try screen.expect("load average")
            try screen.resize(columns: 90, rows: 12)
            try screen.wait(for: "a smaller top") { content in
                content.contains("load average")
                    && content.split(separator: "\n", omittingEmptySubsequences: false).count <= 13
            }
            try screen.type("q")
            try screen.expect("there$")
        }
    }

    @Test func `Ctrl-C, Ctrl-Z and job control reach the other side`() throws {
        try with { _, _, screen in
            try screen.enterShell(note: "over ssh as")
            try screen.enterSleep()
            try screen.press("C-z")
            try screen.expect("Stopped")
            try screen.enter("bg; jobs; kill %1; clear; echo r\"e\"ady")
            try screen.expect("ready")
            try screen.enterSleep("; echo never")
            try screen.press("C-c")
            try screen.enter("echo inter\"rupted\"=$?")
            try screen.expect("interrupted=130")
        }
    }

    @Test func `tilde and dot leave at once, with status 255, the terminal restored`() throws {
        try with { _, _, screen in
            try screen.enterShell(note: "over ssh as")
            try screen.enterSleep()
            try screen.press("Enter")
            try screen.type("~?")
            try screen.expect("end the connection")
            try screen.press("Enter")
            try screen.type("~.")
            try screen.expect("latchkey: disconnected")
            try screen.enter("echo status=$?")
            try screen.expect("status=255")
            try screen.expectRestored()
        }
    }

    @Test func `tilde and Ctrl-Z suspend, fg comes back`() throws {
        try with { _, _, screen in
            try screen.enterShell(note: "over ssh as")
            try screen.press("Enter")
            try screen.type("~")
            try screen.press("C-z")
            try screen.expect("Stopped")
            try screen.expectRestored()
            try screen.enterCleared("fg")
            try screen.press("Enter")
            try screen.expect("there$")
            try screen.enter("echo still he\"re\"")
            try screen.expect("still here")
        }
    }

    @Test(arguments: ["TERM", "HUP", "SEGV", "ABRT", "ILL"]) func `a signal or a crash leaves the terminal as it was`(
        signal: String
    ) throws {
        try with { scratch, _, screen in
            try screen.enterShell(note: "over ssh as")
            try scratch.kill("-\(signal)", "^\(Scratch.program) connect web-1$")
            try screen.expectRestored()
        }
    }

    @Test func `a passphrase is asked for without being shown, again when it is wrong`() throws {
        try Scratch.with { scratch in
            let path = "\(scratch.sshFolder)/id"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "open sesame", "-f", path])
            _ = try scratch.latchkey("key", "import", "mine", "\(path).pub")
            try TestInstance.with(authorizing: [try scratch.read("\(path).pub")]) { instance in
                try instance.add("web-1", to: scratch, key: "mine")
                let withoutTerminal = try scratch.latchkey("connect", "web-1", "--", "id")
                #expect(withoutTerminal.status == 255)
                #expect(withoutTerminal.error.contains("there is no terminal to ask for it"))
                try Screen.with(scratch, environment: ["PROGRAM": Scratch.program]) { screen in
                    try screen.enter("\"$PROGRAM\" connect web-1 -- echo in </dev/null")
                    try screen.expect("Passphrase for the key '\(path)':")
                    try scratch.kill("-TERM", "^\(Scratch.program) connect web-1 -- echo in$")
                    try screen.expectRestored()
                    try screen.enterCleared("\"$PROGRAM\" connect web-1 -- echo in </dev/null")
                    try screen.expect("Passphrase for the key '\(path)':")
                    try screen.enter("open wrong")
                    try screen.expect("try again:")
                    try screen.enter("open sesame")
                    try screen.wait(for: "the command's output") { $0.contains("\nin\n") }
                    #expect(!(try screen.content()).contains("sesame"))
                    try screen.enterCleared()
                    try screen.expectRestored()
                }
            }
        }
    }

    @Test func `the size follows with a key of the agent's, too`() throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/held"
            try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
            _ = try scratch.latchkey("key", "import", "held", "\(path).pub")
            try SSHAgent.with(scratch) { agent in
                try agent.add(path)
                try TestInstance.with(authorizing: [try scratch.read("\(path).pub")]) { instance in
                    try instance.add("web-1", to: scratch, key: "held")
                    let variables = ["PROGRAM": Scratch.program, "SSH_AUTH_SOCK": agent.socket]
                    try Screen.with(scratch, environment: variables) { screen in
                        try screen.enterShell(note: "over ssh as")
                        for (columns, rows) in [(90, 25), (70, 20), (81, 22)] {
                            try screen.resize(columns: columns, rows: rows)
                            // tmux lets some time pass between two sizes.
                            try screen.enterCleared("until stty size | grep '\(rows) \(columns)'; do sleep 0.1; done")
                            try screen.wait(for: "the size") { $0.hasPrefix("\(rows) \(columns)") }
                        }
                    }
                }
            }
        }
    }

    @Test func `an unknown host key is shown and asked about`() throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("key", "create", "web")
            let key = try scratch.latchkey("key", "show", "web", "--public-key").line
            try TestInstance.with(authorizing: [key]) { instance in
                try instance.add("web-1", to: scratch, key: "web", pinned: false)
                try Screen.with(scratch, environment: ["PROGRAM": Scratch.program]) { screen in
                    try screen.enter("\"$PROGRAM\" connect web-1 -- echo in")
                    try screen.expect("(yes/no)")
                    try screen.enter("no")
                    try screen.expect("the host key was not trusted")
                    try screen.enterCleared("\"$PROGRAM\" connect web-1 -- echo in")
                    try screen.expect("SHA256:")
                    try screen.enter("yes")
                    try screen.wait(for: "the command's output") { $0.contains("\nin\n") }
                }
                #expect(try scratch.latchkey("instance", "show", "web-1").text.contains("confirmed on"))
            }
        }
    }

    @Test func `without a name an instance is picked by typing`() throws {
        try with { scratch, _, screen in
            for name in ["db-1", "db-2"] { _ = try scratch.latchkey("instance", "add", name, "--address", "127.0.0.9") }
            try screen.enter("\"$PROGRAM\" connect")
            try screen.expect("connect to:")
            try screen.expect("db-2")
            try screen.type("eb-")
            try screen.wait(for: "a shorter list") { $0.contains("> web-1") && !$0.contains("db-2") }
            try screen.press("Enter")
            try screen.expect("over ssh as")
            try screen.enter("PS1='there$ '; clear")
            try screen.wait(for: "a prompt") { $0.hasPrefix("there$") }
            try screen.enter("exit")
            try screen.expect("local$")
            try screen.enterCleared("\"$PROGRAM\" connect")
            try screen.expect("connect to:")
            try screen.press("Escape")
            try screen.expect("nothing was chosen")
            try screen.expectRestored()
        }
    }

    @Test func `of several instances one is picked, the best match first`() throws {
        try with { scratch, _, screen in
            for name in ["web-12", "web-2", "old-web"] {
                _ = try scratch.latchkey("instance", "add", name, "--address", "127.0.0.9", "--tag", "env=test")
            }
            try screen.enter("\"$PROGRAM\" connect web")
            try screen.expect("'web' is one of:")
            try screen.wait(for: "the three in order") { shown in
                let lines = shown.split(separator: "\n").filter { $0.contains("web-") }
                return lines.count == 3 && lines[0].contains("> web-1 ") && lines[1].contains("web-2")
                    && lines[2].contains("web-12")
            }
            try screen.type("w12")
            try screen.wait(for: "the one") { $0.contains("> web-12") && !$0.contains("web-2 ") }
            try screen.press("C-u")
            try screen.press("Enter")
            try screen.expect("over ssh as")
            try screen.enter("PS1='there$ '; clear")
            try screen.wait(for: "a prompt") { $0.hasPrefix("there$") }
            try screen.enter("exit")
            try screen.expect("local$")
            try screen.enterCleared("\"$PROGRAM\" instance show tag:env=test")
            try screen.expect("'tag:env=test' is one of:")
            try screen.type("ow")
            try screen.wait(for: "the old one") { $0.contains("> old-web") && !$0.contains("web-2") }
            try screen.press("Enter")
            try screen.expect("name       old-web")
            // What cannot be taken back is not done by a list.
            try screen.enterCleared("\"$PROGRAM\" instance remove web-")
            try screen.expect("'web-' matches several instances: web-1 (i-")
            try screen.expectRestored()
        }
    }
}
