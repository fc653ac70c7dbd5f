// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

struct ShellCommandTests {
    private let user = LocalUser(
        name: "jo",
        identifier: 1000,
        group: 1000,
        home: "/home/jo",
        shell: "/bin/bash",
        groups: [1000]
    )

    @Test func `a login shell is called with a dash and starts at home`() {
        let plan = ShellCommand.login(user, terminal: LocalTerminalSize(columns: 80, rows: 24))
        #expect(plan.executable == "/bin/bash" && plan.arguments == ["-bash"] && plan.directory == "/home/jo")
        let environment = Dictionary(plan.environment) { $1 }
        #expect(
            environment == [
                "HOME": "/home/jo", "USER": "jo", "LOGNAME": "jo", "SHELL": "/bin/bash",
                "PATH": "/usr/local/bin:/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8",
            ]
        )
    }

    @Test(arguments: ["", "bash", "/nowhere/zsh"]) func `without a usable shell it is sh`(shell: String) {
        let odd = LocalUser(name: "jo", identifier: 0, group: 0, home: "/", shell: shell, groups: [0])
        let plan = ShellCommand.login(odd, terminal: nil)
        #expect(plan.executable == "/bin/sh" && plan.arguments == ["-sh"])
        #expect(
            plan.environment.contains { $0 == ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") }
        )
    }

    @Test func `a line goes to the shell as it is`() {
        let plan = ShellCommand.command("echo 'a  b' | wc", user)
        #expect(plan.arguments == ["bash", "-c", "echo 'a  b' | wc"] && plan.terminal == nil)
    }

    @Test func `of the client's variables only the language and the terminal are kept`() {
        let sent = [
            ("TERM", "screen.xterm-256color"), ("LANG", "de_DE.UTF-8"), ("LC_TIME", "sv_SE@euro"), ("LC_TIME", "C"),
            ("LD_PRELOAD", "/x.so"), ("PATH", "/tmp"), ("LC_", "C"), ("LC_x", "C"), ("LC_ALL", "../../tmp/x"),
            ("LC_PAPER", "a\nb"), ("BASH_ENV", "/tmp/x"), ("LANGUAGE", "de"), ("LC_NAME", ""),
        ]
        let kept = ShellCommand.environment(for: user, client: sent).dropFirst(5).map { "\($0.0)=\($0.1)" }
        #expect(kept == ["TERM=screen.xterm-256color", "LANG=de_DE.UTF-8", "LC_TIME=C"])
    }

    @Test func `a program is looked for in its own PATH`() throws {
        let plan = try ShellCommand.program("sh -c 'exit 3'", user)
        #expect(["/usr/bin/sh", "/bin/sh"].contains(plan.executable) && plan.arguments == ["sh", "-c", "exit 3"])
        #expect(try ShellCommand.program("./x y", user).executable == "/home/jo/./x")
        #expect(throws: ShellPlanError.notFound("no-such-program")) {
            try ShellCommand.program("no-such-program", user)
        }
        for line in ["", "  \t", "''"] {
            #expect(throws: ShellPlanError.empty) { try ShellCommand.program(line, user) }
        }
    }

    @Test func `a login shell of one's own runs`() throws {
        let plan = ShellCommand.login(.current, terminal: nil)
        let outcome = try LocalProcess.run(plan, input: Array("echo $0 $HOME; pwd\n".utf8), timeout: Local.waitTime)
        let text = String(decoding: outcome.output, as: UTF8.self)
        #expect(text.contains("-\(plan.executable.split(separator: "/").last ?? "") \(LocalUser.current.home)\n"))
    }
}
