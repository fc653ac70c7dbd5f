// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

/// One after the other: some count the descriptors and children of this process.
@Suite(.serialized) struct ProcessTests {
    @Test func `nothing is left over`() throws {
        for terminal in [nil, LocalTerminalSize(columns: 80, rows: 24)] {
            _ = try Local.run("true", terminal: terminal)
            let before = try Local.descriptors()
            for round in 0..<100 {
                let run = try Local.run("echo \(round)", terminal: terminal)
                #expect(run.text.hasPrefix("\(round)") && run.ending == .exited(0))
            }
            for _ in 0..<20 { _ = try? LocalProcess(Self.missing(terminal)) }
            for _ in 0..<20 { _ = try LocalProcess(Local.shell("sleep 60", terminal: terminal)) }
            #expect(Local.eventually { (try? Local.descriptors()) == before })
        }
        #expect(Local.eventually { Self.children().isEmpty }, "\(Self.children())")
    }

    @Test func `who ignores that it is hung up on is killed`() throws {
        let identifier = try { () throws -> Int32 in
            var process = try LocalProcess(Local.shell("trap '' HUP TERM; echo ready; while :; do sleep 1; done"))
            _ = process.output(until: "ready")
            return process.identifier
        }()
        #expect(kill(identifier, 0) == 0)
        #expect(Local.eventually { kill(identifier, 0) != 0 && errno == ESRCH })
    }

    @Test func `a failure names its step`() throws {
        #expect(throws: LocalProcessError.notStarted(.execute, ENOENT, "/nowhere/at-all")) {
            _ = try LocalProcess(Self.missing(nil))
        }
        #expect(throws: LocalProcessError.notStarted(.execute, EACCES, "/etc/passwd")) {
            var specification = Self.missing(LocalTerminalSize(columns: 80, rows: 24))
            specification.executable = "/etc/passwd"
            _ = try LocalProcess(specification)
        }
        let error = LocalProcessError.notStarted(.execute, ENOENT, "/x\u{1B}")
        #expect(error.description == "cannot start '/x\\u{1B}': cannot execute it: No such file or directory")
    }

    @Test func `a zero byte or a stray equals sign is refused`() throws {
        for (arguments, name) in [(["sh", "a\0b"], "A"), (["sh"], "A=B"), (["sh"], ""), ([], "A")] {
            #expect(throws: LocalProcessError.unusable("/bin/sh")) {
                let environment = [(name, "x")]
                _ = try LocalProcess(
                    LocalProcess.Specification(executable: "/bin/sh", arguments: arguments, environment: environment)
                )
            }
        }
    }

    private static func missing(_ terminal: LocalTerminalSize?) -> LocalProcess.Specification {
        var specification = Local.shell("true", terminal: terminal)
        specification.executable = "/nowhere/at-all"
        return specification
    }

    /// The children of this process, zombies too.
    private static func children() -> [String] {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return threads.flatMap { thread in
            let text = try? String(contentsOfFile: "/proc/self/task/\(thread)/children", encoding: .utf8)
            return (text ?? "").split(separator: " ").map(String.init)
        }
    }
}
