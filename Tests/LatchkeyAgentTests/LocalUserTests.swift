// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

@testable import LatchkeyAgent

extension ProcessTests {
    struct Users {
        /// A name that nobody has; the user is removed whatever happens.
        private func withName(_ body: (String) throws -> Void) throws {
            let name = "lk\(UInt32.random(in: .min ... .max))"
            defer { _ = try? Execution.run(["userdel", "--remove", name]) }
            try body(name)
        }

        @Test func `a user is looked up with all groups`() throws {
            let root = try LocalUser.named("root")
            #expect(root.identifier == 0 && root.group == 0 && root.home == "/root" && root.groups.contains(0))
            #expect(LocalUser.current.identifier == geteuid())
            #expect(throws: LocalUserError.unknown("no-such-user")) { try LocalUser.named("no-such-user") }
            for name in ["", "-x", "a b", "a\u{1B}"] {
                #expect(throws: LocalUserError.nameInvalid(name)) { try LocalUser.named(name) }
            }
        }

        @Test func `root runs programs as another user, with that user's groups alone`() throws {
            guard Local.isRoot else { return }
            try withName { name in
                try Execution.require(["useradd", "-m", "-s", "/bin/bash", "-G", "tty,games", name])
                let user = try LocalUser.named(name)
                for terminal in [nil, LocalTerminalSize(columns: 80, rows: 24)] {
                    let outcome = try LocalProcess.run(
                        ShellCommand.command("id -un; id -Gn; pwd; cat /etc/shadow; id -u", user, terminal: terminal)
                    )
                    let text = String(decoding: outcome.output + outcome.error, as: UTF8.self)
                        .replacingOccurrences(of: "\r\n", with: "\n")
                    let lines = text.split(separator: "\n").map(String.init)
                    #expect(lines.prefix(1) == [name])
                    #expect(Set(lines[1].split(separator: " ").map(String.init)) == [name, "tty", "games"])
                    #expect(lines[2] == "/home/\(name)" && lines.contains(String(user.identifier)))
                    #expect(lines.contains { $0.contains("Permission denied") })
                }
                // No way back: real, effective and saved ids are all the user's.
                let status = try Local.run("grep -E '^(Uid|Gid|CapEff)' /proc/$$/status", user: user).text
                let (uid, gid) = (user.identifier, user.group)
                #expect(
                    status == "Uid:\t\(uid)\t\(uid)\t\(uid)\t\(uid)\nGid:\t\(gid)\t\(gid)\t\(gid)\t\(gid)\n"
                        + "CapEff:\t0000000000000000\n"
                )
            }
        }

        @Test func `whoever is not root runs only as itself`() throws {
            let root = try LocalUser.named("root")
            let daemon = try LocalUser.named("daemon")
            try daemon.checkAllowed(for: root)
            try daemon.checkAllowed(for: daemon)
            #expect(throws: LocalProcessError.userNotAllowed(agent: "daemon", user: "root")) {
                try root.checkAllowed(for: daemon)
            }
        }

        @Test func `sessions that begin at once make one user`() throws {
            guard Local.isRoot else { return }
            try Scratch.with { scratch in
                try withName { name in
                    let sudoers = "\(scratch.path)/sudoers.d"
                    try FileManager.default.createDirectory(atPath: sudoers, withIntermediateDirectories: true)
                    let made = Gathered<LocalUser.Ensured>()
                    DispatchQueue.concurrentPerform(iterations: 4) { _ in
                        if let one = try? LocalUser.ensure(name, stateFolder: scratch.path, sudoers: sudoers) {
                            made.add(one)
                        }
                    }
                    #expect(made.all.count == 4 && made.all.filter(\.isNew).count == 1)
                    #expect(made.all.allSatisfy { $0.warning == nil && $0.user.home == "/home/\(name)" })
                    #expect(made.all[0].user.shell == "/bin/bash")
                    #expect(try FileManager.default.contentsOfDirectory(atPath: sudoers) == ["ssm-agent-users"])
                    let file = "\(sudoers)/ssm-agent-users"
                    #expect(try scratch.read(file).hasSuffix("\n\(name) ALL=(ALL) NOPASSWD:ALL\n"))
                    #expect(try Execution.require(["stat", "-c", "%a %u %h", file]).line == "440 0 1")
                }
            }
        }

        @Test func `a user that was there gets no rights`() throws {
            try Scratch.with { scratch in
                let user = LocalUser.current.name
                let ensured = try LocalUser.ensure(user, stateFolder: scratch.path, sudoers: scratch.path)
                #expect(!ensured.isNew && ensured.warning == nil)
                #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/ssm-agent-users"))
            }
        }

        @Test func `the rule's file has its mode from the beginning, and none is replaced`() throws {
            try Scratch.with { scratch in
                #expect(StateFile.create("\(scratch.path)/rule", mode: 0o440, "one") == 0)
                #expect(StateFile.create("\(scratch.path)/rule", mode: 0o440, "two") == EEXIST)
                #expect(try Execution.require(["stat", "-c", "%a", "\(scratch.path)/rule"]).line == "440")
                #expect(try scratch.read("\(scratch.path)/rule") == "one")
                let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
                #expect(!names.contains { $0.hasPrefix(".rule") })
            }
        }

        @Test func `a user that cannot be made says why`() throws {
            guard Local.isRoot else { return }
            try Scratch.with { scratch in
                // Longer than the 32 characters that a user's name may have on Linux (useradd(8)).
                let name = String(repeating: "n", count: 40)
                #expect {
                    try LocalUser.ensure(name, stateFolder: scratch.path, sudoers: scratch.path)
                } throws: { error in
                    guard case LocalUserError.notMade(name, let reason) = error else { return false }
                    return !reason.isEmpty
                }
            }
        }
    }
}

/// What several threads found.
private final class Gathered<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Value] = []

    func add(_ value: Value) { lock.withLock { values.append(value) } }
    var all: [Value] { lock.withLock { values } }
}
