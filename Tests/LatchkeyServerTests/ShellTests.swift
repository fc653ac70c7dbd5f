// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

extension RelayTests {
    /// A person at a terminal, in a shell through the relay.
    struct Shells {
        private func with(_ body: (TestRelay, TestAgent, Screen) throws -> Void) throws {
            try RelayTests.with { scratch, relay, agent in
                try Screen.with(scratch, environment: ["PROGRAM": Scratch.program]) { screen in
                    try body(relay, agent, screen)
                }
            }
        }

        @Test func `the first thing that runs sees the right size, and it follows`() throws {
            try with { _, agent, screen in
                try screen.enter("\"$PROGRAM\" connect web-1 --road relay -t -- 'stty size; read'")
                try screen.expect("30 100")
                try screen.press("Enter")
                try screen.expect("local$")
                try screen.enterCleared()
                try screen.enterShell("--road relay", note: "over relay")
                for (columns, rows) in [(81, 22), (120, 40)] {
                    try screen.resize(columns: columns, rows: rows)
                    // tmux lets some time pass between two sizes.
                    try screen.enterCleared("until stty size | grep '\(rows) \(columns)'; do sleep 0.1; done")
                    try screen.wait(for: "the size") { $0.hasPrefix("\(rows) \(columns)") }
                }
                try screen.enter("exit 5")
                try screen.expect("local$")
                try screen.enter("echo \"status=$?\"")
                try screen.expect("status=5")
                try screen.expectRestored()
                try RelayTests.wait(for: "Terminated", agent.relay, of: agent)
            }
        }

        @Test func `Ctrl-C, Ctrl-Z and job control reach the other side`() throws {
            try with { _, _, screen in
                try screen.enterShell("--road relay", note: "over relay")
                try screen.enterSleep()
                try screen.press("C-z")
                try screen.expect("Stopped")
                try screen.enter("kill %1; clear; echo r\"e\"ady")
                try screen.expect("ready")
                try screen.enterSleep("; echo never")
                try screen.press("C-c")
                try screen.enter("echo inter\"rupted\"=$?")
                try screen.expect("interrupted=130")
            }
        }

        @Test func `vim works, in UTF-8, at a size that changes meanwhile`() throws {
            try with { relay, _, screen in
                let file = "\(relay.scratch.path)/note"
                try screen.enterShell("--road relay", note: "over relay")
                try screen.enter("vim -u NONE -N \(file)")
                try screen.expect("note")
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
                #expect(try relay.scratch.read(file) == "grüße, 東京\n")
            }
        }

        @Test func `tilde and dot leave at once, and the session ends with what ran in it`() throws {
            try with { relay, agent, screen in
                try screen.enterShell("--road relay", note: "over relay")
                let mark = Int.random(in: 100_000..<1_000_000)
                try screen.enter("sleep \(mark)")
                try screen.press("Enter")
                try screen.type("~?")
                try screen.expect("end the connection")
                try screen.press("Enter")
                try screen.type("~.")
                try screen.expect("latchkey: disconnected")
                try screen.enter("echo status=$?")
                try screen.expect("status=255")
                try screen.expectRestored()
                try RelayTests.wait(for: "Terminated", relay, of: agent)
                try TestRelay.wait(for: "the shell's program to end") {
                    try Execution.run(["pgrep", "-fx", "sleep \(mark)"]).status == 1
                }
            }
        }

        @Test func `a session that is ended from elsewhere leaves the terminal as a shell needs it`() throws {
            try with { relay, agent, screen in
                try screen.enterShell("--road relay", note: "over relay")
                try screen.enter("printf '\\033[?1049h\\033[?25l\\033[?1000h'; sleep 1000")
                try TestRelay.wait(for: "the alternate screen") { try screen.modes() == (true, false, true) }
                try relay.python(
                    """
                    ssm = client()
                    for session in ssm.describe_sessions(State='Active')['Sessions']:
                        ssm.terminate_session(SessionId=session['SessionId'])
                    """
                )
                try screen.expect("the session was terminated")
                try screen.expect("local$")
                try TestRelay.wait(for: "the usual modes") { try screen.modes() == (false, true, false) }
                try screen.expectRestored()
            }
        }

        @Test func `a shell goes on over another latchkeyd, and what was typed meanwhile arrives`() throws {
            try with { relay, agent, screen in
                try screen.enterShell("--road relay", note: "over relay")
                try screen.enter("word=kept; clear")
                try screen.wait(for: "a prompt") { $0.hasPrefix("there$") }
                let connections = try agent.connections()
                try relay.end(by: SIGKILL)
                try screen.expect("reconnecting")
                try screen.enter("echo $word-$((6*7))")
                try relay.start()
                try agent.waitForReturn(after: connections)
                try screen.expect("kept-42")
                try screen.enter("exit 6")
                try screen.expect("local$")
                try screen.enter("echo \"status=$?\"")
                try screen.expect("status=6")
            }
        }
    }
}
