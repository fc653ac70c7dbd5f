// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A folder for all that is written, and the programs that are measured. The user's own keys, agent and state are left out.
struct Workshop {
    let folder: String
    /// Where they are.
    let programs: String

    /// Makes the folder, and removes it however `body` ends.
    static func with(programs: String, _ body: (Workshop) throws -> Void) throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/latchkey-benchmark.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Command.Failure(description: "no temporary folder can be made") }
        let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(Workshop(folder: folder, programs: programs))
    }

    /// The client with a state of its own, by the name of `state`.
    func latchkey(_ arguments: String..., state: String, expected: Int32 = 0) -> Command {
        program("latchkey", arguments, state: state, expected: expected)
    }

    /// Any of the programs.
    func program(_ name: String, _ arguments: [String], state: String, expected: Int32 = 0) -> Command {
        let environment = ["HOME": "\(folder)/home", "LATCHKEY_HOME": "\(folder)/\(state)", "LANG": "C.UTF-8"]
        return Command("\(programs)/\(name)", arguments, environment: environment, expected: expected)
    }

    @discardableResult
    func run(_ command: Command) throws -> Command.Run { try command.run(in: folder) }

    /// Runs it `count` times; before each, `prepare`.
    func times(
        _ count: Int,
        _ command: Command,
        prepare: () -> Void = {},
        figure: (Command.Run) throws -> Double = { $0.milliseconds }
    ) throws -> [Double] {
        try (0..<count)
            .map { _ in
                prepare()
                return try figure(try run(command))
            }
    }

    func write(_ text: String, to name: String) throws -> String {
        let path = "\(folder)/\(name)"
        let permissions: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: permissions) else {
            throw Command.Failure(description: "\(path) cannot be written")
        }
        return path
    }

    func makeFolder(_ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        return path
    }
}
