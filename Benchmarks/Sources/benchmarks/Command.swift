// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A program with its arguments, run as a process of its own.
struct Command {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// How a run went.
    struct Run {
        /// From before the process was made until it was reaped.
        let milliseconds: Double
        let status: Int32
        let output: String
        let errors: String

        /// When the step was told that has these words, in the program's own count of milliseconds (`-v`).
        func step(_ words: String) throws -> Double {
            for line in errors.split(separator: "\n") where line.contains(words) {
                let fields = line.split(separator: " ")
                if fields.count > 3, fields[2] == "ms", let milliseconds = Double(fields[1]) { return milliseconds }
            }
            throw Failure(description: "no step tells '\(words)': \(errors)")
        }
    }

    let path: String
    let arguments: [String]
    /// All that the process finds in its environment, besides PATH.
    var environment: [String: String] = [:]
    /// The exit status that is no failure.
    var expected: Int32 = 0
    /// The file that it reads.
    var input = "/dev/null"
    /// False to let its output go.
    var keepsOutput = true

    init(_ path: String, _ arguments: [String], environment: [String: String] = [:], expected: Int32 = 0) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.expected = expected
    }

    /// Runs it to its end.
    ///
    /// - Parameter folder: where its output is caught.
    /// - Throws: ``Failure`` where the exit status is not the expected one.
    @discardableResult
    func run(in folder: String) throws -> Run {
        try Interruption.check()
        let output = "\(folder)/output"
        let errors = "\(folder)/errors"
        let begin = Command.now()
        let process = try start(output: keepsOutput ? output : "/dev/null", errors: errors)
        let status = Command.wait(for: process)
        let milliseconds = Command.now() - begin
        let run = Run(
            milliseconds: milliseconds,
            status: status,
            output: keepsOutput ? try Command.text(output) : "",
            errors: try Command.text(errors)
        )
        try Interruption.check()
        guard status == expected else {
            throw Failure(
                description: "\(path) \(arguments.joined(separator: " ")) ended with \(status): \(run.errors)"
            )
        }
        return run
    }

    /// Starts it, without waiting for its end.
    func start(output: String, errors: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        return try start(&actions)
    }

    private func start(_ actions: inout posix_spawn_file_actions_t) throws -> pid_t {
        let variables = environment.merging(["PATH": Command.searchPath]) { own, _ in own }
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var settings = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + settings { free(word) } }
        var process = pid_t()
        let number = posix_spawnp(&process, path, &actions, nil, &words, &settings)
        guard number == 0 else { throw Failure(description: "\(path): \(String(cString: strerror(number)))") }
        return process
    }

    /// Starts it with pipes to its input and from its output.
    func converse() throws -> Conversation {
        var (inputs, outputs): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard pipe(&inputs) == 0, pipe(&outputs) == 0 else { throw Failure(description: "no pipe can be made") }
        for descriptor in [inputs[1], outputs[0]] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputs[0], 0)
        posix_spawn_file_actions_adddup2(&actions, outputs[1], 1)
        for descriptor in [inputs[0], outputs[1]] { posix_spawn_file_actions_addclose(&actions, descriptor) }
        defer { for descriptor in [inputs[0], outputs[1]] { close(descriptor) } }
        return Conversation(process: try start(&actions), input: inputs[1], output: outputs[0])
    }

    /// - Returns: the exit status, or 128 and the number of the signal.
    @discardableResult
    static func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }

    private static let searchPath =
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin") + ":/usr/sbin"

    /// Milliseconds on a clock that never jumps.
    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
}
