// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// One run of a program: what it printed and how it ended.
package struct Execution: Sendable {
    /// Seconds until something that hangs is given up. It is no measure of how quick anything has to be: the machine may be busy
    /// with other things.
    package static let timeout = 180

    package let status: Int32
    package let output: Data
    package let error: String

    package var text: String { String(decoding: output, as: UTF8.self) }
    /// The output without the newline at its end.
    package var line: String { text.trimmingCharacters(in: .newlines) }

    /// Runs a program to its end. Input and outputs are files, so that no pipe can fill up.
    ///
    /// - Parameters:
    ///   - arguments: the program, looked for in PATH, and its arguments.
    ///   - environment: set on top of this process's own; nil removes a variable.
    ///   - timeout: seconds, after which it is killed and the status is 137.
    package static func run(
        _ arguments: [String],
        input: Data? = nil,
        environment: [String: String?] = [:],
        timeout: Int = Execution.timeout
    ) throws -> Execution {
        let folder = try Scratch.makeFolder("run")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (inputPath, outputPath, errorPath) = ("\(folder)/input", "\(folder)/output", "\(folder)/error")
        try input?.write(to: URL(fileURLWithPath: inputPath))
        let descriptors = [
            open(input == nil ? "/dev/null" : inputPath, O_RDONLY | O_CLOEXEC),
            open(outputPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600),
            open(errorPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600),
        ]
        defer { for descriptor in descriptors { close(descriptor) } }
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        let child = try Spawn(
            ["timeout", "--signal=KILL", String(timeout)] + arguments,
            environment: variables,
            input: descriptors[0],
            output: descriptors[1],
            error: descriptors[2]
        )
        let status = child.wait()
        return Execution(
            status: status,
            output: try Data(contentsOf: URL(fileURLWithPath: outputPath)),
            error: String(decoding: try Data(contentsOf: URL(fileURLWithPath: errorPath)), as: UTF8.self)
        )
    }

    /// As ``run(_:input:environment:timeout:)``, for a program that has to succeed.
    ///
    /// - Throws: what it printed, if it did not.
    @discardableResult
    package static func require(
        _ arguments: [String],
        input: Data? = nil,
        environment: [String: String?] = [:],
        timeout: Int = Execution.timeout
    ) throws -> Execution {
        let execution = try run(arguments, input: input, environment: environment, timeout: timeout)
        guard execution.status == 0 else { throw HarnessError("\(arguments): \(execution.status): \(execution.error)") }
        return execution
    }
}

/// What went wrong with the test bed itself.
package struct HarnessError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
