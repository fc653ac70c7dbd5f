// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A user of their own for one test: a home folder, a Latchkey home, a way to run the program, all gone at the end.
package struct Scratch: Sendable {
    /// The folder that holds everything.
    package let path: String

    /// Runs `body` with a fresh one and removes it whatever happens.
    package static func with<Value>(_ body: (Scratch) throws -> Value) throws -> Value {
        let scratch = Scratch(path: try makeFolder("test"))
        try FileManager.default.createDirectory(
            atPath: scratch.sshFolder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        defer { try? FileManager.default.removeItem(atPath: scratch.path) }
        return try body(scratch)
    }

    static func makeFolder(_ kind: String) throws -> String {
        let path = "\(NSTemporaryDirectory())latchkey-\(kind)-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        return path
    }

    package var home: String { "\(path)/home" }
    package var sshFolder: String { "\(home)/.ssh" }
    package var latchkeyHome: String { "\(path)/latchkey" }
    package var keyFolder: String { "\(latchkeyHome)/keys" }

    package var environment: [String: String?] {
        ["HOME": home, "LATCHKEY_HOME": latchkeyHome, "SSH_AUTH_SOCK": nil, "LANG": "C.UTF-8", "LC_ALL": nil]
    }

    /// The program under test, beside the test bundle.
    package static let program = program(named: "latchkey")

    /// A program of this package, beside the test bundle.
    package static func program(named name: String) -> String {
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
        let beside = bundle.map { URL(fileURLWithPath: $0).deletingLastPathComponent() } ?? folder
        return beside.appendingPathComponent(name).path
    }

    /// Runs `latchkey` as this user, with standard input from `input` or `/dev/null`, without a terminal.
    @discardableResult
    package func latchkey(
        _ arguments: String...,
        input: Data? = nil,
        environment extra: [String: String?] = [:],
        timeout: Int = 60
    ) throws -> Execution {
        try Execution.run(
            ["setsid", "--wait", Scratch.program] + arguments,
            input: input,
            environment: environment.merging(extra) { $1 },
            timeout: timeout
        )
    }

    /// Changes what the store holds behind the program's back.
    package func execute(_ sql: String) throws {
        let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()"
        try Execution.require(["python3", "-c", script, "\(latchkeyHome)/latchkey.db", sql])
    }

    /// A file in the scratch folder, readable by the owner alone.
    @discardableResult
    package func write(_ name: String, _ content: some StringProtocol, mode: Int = 0o600) throws -> String {
        let path = name.hasPrefix("/") ? name : "\(path)/\(name)"
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    package func read(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
}
