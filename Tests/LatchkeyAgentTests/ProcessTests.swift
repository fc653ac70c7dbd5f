// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

/// One after the other: some count the descriptors and children of this process.
@Suite(.serialized) struct ProcessTests {
    /// Other tests have processes and pipes at the same time, but never so many: what is left over each time shows.
    private static let (rounds, others) = (100, 60)

    @Test func `nothing is left over`() throws {
        // Other tests have children of their own at the same time.
        var own: Set<String> = []
        for terminal in [nil, LocalTerminalSize(columns: 80, rows: 24)] {
            let before = try Local.descriptors()
            func isClean() -> Bool { ((try? Local.descriptors()) ?? .max) < before + Self.others }
            for _ in 0..<Self.rounds {
                let run = try Local.run("echo $$", terminal: terminal)
                let identifier = try #require(Int32(run.text.trimmingCharacters(in: .whitespacesAndNewlines)))
                #expect(run.ending == .exited(0))
                own.insert(String(identifier))
            }
            #expect(Local.eventually(isClean))
            for _ in 0..<Self.rounds { _ = try? LocalProcess(Self.missing(terminal)) }
            #expect(Local.eventually(isClean))
            for _ in 0..<Self.rounds {
                own.insert(String(try LocalProcess(Local.shell("sleep 1000", terminal: terminal)).identifier))
            }
            #expect(Local.eventually(isClean))
        }
        // The means of looking: one that runs is seen, and what several have open is counted.
        let before = try Local.descriptors()
        do {
            let process = try LocalProcess(Local.shell("sleep 1000"))
            #expect(Self.children().contains(String(process.identifier)))
            own.insert(String(process.identifier))
            try open(Self.rounds) { () throws in #expect(try Local.descriptors() > before + 2 * Self.others) }
        }
        #expect(Local.eventually { own.isDisjoint(with: Self.children()) })
    }

    /// Runs `body` while so many processes run.
    private func open(_ count: Int, _ body: () throws -> Void) throws {
        guard count > 0 else { return try body() }
        let process = try LocalProcess(Local.shell("sleep 1000"))
        try open(count - 1, body)
        _ = process.identifier
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
        #expect(error.description == "cannot start '/x\\u{1B}': cannot execute it: no such file or directory")
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

    /// The children of this process, zombies too: whoever names it as their parent, since not every kernel lists them.
    private static func children() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { Int($0) != nil }
            .filter { name in
                let text = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8)
                // The state and the parent come after the name, which is in parentheses and may hold anything.
                let fields = text?.split(separator: ")").last?.split(separator: " ") ?? []
                return fields.count > 1 && fields[1] == String(getpid())
            }
    }
}
