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
        [
            "HOME": home, "LATCHKEY_HOME": latchkeyHome, "SSH_AUTH_SOCK": nil, "LANG": "C.UTF-8", "LC_ALL": nil,
            // How quick a machine is that does many other things is not what tests are about.
            "LATCHKEY_TIMEOUT": "60",
        ]
    }

    /// The program under test.
    package static let program = program(named: "latchkey")

    /// The folder of the programs under test: `LATCHKEY_TEST_PROGRAMS` if it is set, as for a release build, else the one
    /// that the test bundle is in.
    private static let programs: URL = {
        if let folder = ProcessInfo.processInfo.environment["LATCHKEY_TEST_PROGRAMS"], !folder.isEmpty {
            return URL(fileURLWithPath: folder).standardizedFileURL
        }
        if let bundle = CommandLine.arguments.first(where: { $0.contains(".xctest") }) {
            return URL(fileURLWithPath: bundle).deletingLastPathComponent()
        }
        return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }()

    /// A program of this package.
    package static func program(named name: String) -> String { programs.appendingPathComponent(name).path }

    /// Runs `latchkey` as this user, with standard input from `input` or `/dev/null`, without a terminal.
    @discardableResult
    package func latchkey(
        _ arguments: String...,
        input: Data? = nil,
        environment extra: [String: String?] = [:],
        timeout: Int = Execution.timeout
    ) throws -> Execution {
        try latchkey(arguments, input: input, environment: extra, timeout: timeout)
    }

    @discardableResult
    package func latchkey(
        _ arguments: [String],
        input: Data? = nil,
        environment extra: [String: String?] = [:],
        timeout: Int = Execution.timeout
    ) throws -> Execution {
        try Execution.run(
            ["setsid", "--wait", Scratch.program] + arguments,
            input: input,
            environment: environment.merging(extra) { $1 },
            timeout: timeout
        )
    }

    /// Sends a signal to this user's programs with such a command line, of which there must be one: other tests, and other runs
    /// of the tests, may have some at the same time.
    package func kill(_ signal: String, _ pattern: String) throws {
        let script = """
            for process in $(pgrep -f "$2"); do
                if grep -qzxF "LATCHKEY_HOME=$3" /proc/$process/environ; then kill "$1" $process && found=1; fi
            done 2>/dev/null
            [ "${found-}" = 1 ]
            """
        try Execution.require(["bash", "-c", script, "bash", signal, pattern, latchkeyHome])
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

    /// A program in the scratch folder. It is written by another process: what a test starts beside this one may still hold
    /// descriptors of this process for a moment, and nothing runs that is open for writing (ETXTBSY of execve(2)).
    package func writeProgram(_ name: String, _ content: some StringProtocol) throws -> String {
        let source = try write("\(name).source", content)
        try Execution.require(["install", "-m", "700", source, "\(path)/\(name)"])
        return "\(path)/\(name)"
    }

    package func read(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
}
