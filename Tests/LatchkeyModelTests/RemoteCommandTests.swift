// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

struct RemoteCommandTests {
    @Test func `one word is a line, none is a shell`() {
        #expect(RemoteCommand.line([]) == nil)
        #expect(RemoteCommand.line(["cd /; ls | wc"]) == "cd /; ls | wc")
    }

    /// What is special to one shell or another.
    private static let words = [
        "", "a b", "it's", "$HOME `id` $(id) ${x}", "*", "\\", "end\\", "\\\\", "\\'", "\\n", "\\!", "\"", "é",
        "'\u{301}", "~", "#",
        "a=b", "!", "!x", "hi!x", "!!", "-n", "\t", "\r", "\u{1}", "%self", "%1", "{a,b}", "[a]", "^a", "a^b", "<", "&",
        ";", "(x)",
        "@", "=ls", "?(", String(repeating: "long ", count: 600),
    ]

    @Test(
        arguments: ["sh", "bash", "dash", "zsh", "fish", "tcsh", "bsd-csh"],
        [[], ["new\nline", "\n", "end\n", "a\\\nb", "'\n'"]]
    )
    func `several words reach each shell as these words`(shell: String, more: [String]) throws {
        let words = RemoteCommandTests.words + more
        let line = try #require(RemoteCommand.line(["printf", "%s\\0"] + words))
        let run = try Execution.run([shell, "-c", line])
        #expect(Array(run.output) == words.flatMap { Array($0.utf8) + [0] }, "\(run.error)")
    }

    // MARK: Under Amazon's agent

    /// The words of a line as that agent splits it.
    private static func words(_ line: String) throws -> [String] { try ShellWords.split(line) }

    @Test(
        arguments: [
            ("exit 7", 7), ("true", 0), ("kill -9 $$", 137), ("sleep 0.1 & wait", 0), ("no-such-program", 127),
        ]
    )
    func `a supervised line has its own streams and status`(line: String, status: Int32) throws {
        let run = try Execution.run(Self.words(RemoteCommand.supervised("echo out; echo 'it'\\''s' >&2; \(line)")))
        #expect(run.status == status)
        #expect(run.text == "out\n")
        #expect(run.error.hasPrefix("it's\n"), "\(run.error)")
    }

    @Test func `what a supervised line has started ends with the one process that its agent knows`() throws {
        for signal in [SIGKILL, SIGINT] {
            let mark = Int.random(in: 100_000..<1_000_000)
            let line = RemoteCommand.supervised("sleep \(mark) & sleep \(mark); sleep \(mark)")
            let job = try BackgroundProcess(Self.words(line))
            func count() throws -> Int {
                Int(try Execution.run(["pgrep", "-cfx", "sleep \(mark)"]).line) ?? 0
            }
            try TestRelay.wait(for: "both to begin") { try count() == 2 }
            try job.send(signal)
            try TestRelay.wait(for: "all to end") { try count() == 0 }
        }
    }
}
