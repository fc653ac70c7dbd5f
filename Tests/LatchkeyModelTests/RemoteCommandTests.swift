// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyTestSupport
import Testing

struct RemoteCommandTests {
    @Test func `one word is a line, none is a shell`() {
        #expect(RemoteCommand.line([]) == nil)
        #expect(RemoteCommand.line(["cd /; ls | wc"]) == "cd /; ls | wc")
    }

    @Test func `several words reach a shell as these words`() throws {
        let words = [
            "printf", "%s\\0", "", "a b", "it's", "$HOME `id` $(id)", "*", "\\", "new\nline", "\"", "é", "'\u{301}",
            "~",
            "#", "a=b", "!x", "-n", "\t",
        ]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", RemoteCommand.line(words) ?? ""]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let expected = words.dropFirst(2).map { Data($0.utf8) + [0] }.reduce(Data(), +)
        #expect(output == expected)
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
            let job = try Daemon(Self.words(line))
            func count() throws -> Int {
                Int(try Execution.run(["pgrep", "-cfx", "sleep \(mark)"]).line) ?? 0
            }
            try TestRelay.wait(for: "both to begin") { try count() == 2 }
            try job.send(signal)
            try TestRelay.wait(for: "all to end") { try count() == 0 }
        }
    }
}
