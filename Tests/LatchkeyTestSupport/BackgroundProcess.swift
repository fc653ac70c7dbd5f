// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A program that runs beside a test and ends by itself after an hour, should the test be killed.
package final class BackgroundProcess {
    private let child: Spawn

    /// - Parameters:
    ///   - environment: set on top of this process's own; nil removes a variable.
    ///   - log: a file that takes its standard error; nil for none.
    package init(_ arguments: [String], environment: [String: String?] = [:], log: String? = nil) throws {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        let error = log.map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) } ?? null
        defer {
            close(null)
            if error != null { close(error) }
        }
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        child = try Spawn(
            ["timeout", "3600"] + arguments,
            environment: variables,
            input: null,
            output: null,
            error: error
        )
    }

    /// The program itself, then the processes that it made.
    func processes() throws -> [pid_t] {
        var found = [child.identifier]
        for index in 0..<1000 where index < found.count {
            let children = try Execution.run(["pgrep", "-P", String(found[index])]).text
            found += children.split(separator: "\n").compactMap { pid_t($0) }
        }
        // The first one is timeout(1).
        return Array(found.dropFirst())
    }

    /// Sends the program alone a signal that ends it, and waits until it has ended.
    ///
    /// - Returns: its status; 128 and the number of the signal if it died by it.
    @discardableResult
    package func end(by signal: Int32) throws -> Int32 {
        guard let program = try processes().first else { throw HarnessError("it has ended already") }
        kill(program, signal)
        return child.wait()
    }

    /// Sends the program alone a signal that it survives.
    package func send(_ signal: Int32) throws {
        if let program = try processes().first { kill(program, signal) }
    }

    package func stop() {
        // Backwards, so that none is left without a parent.
        for process in ((try? processes()) ?? []).reversed() { kill(process, SIGKILL) }
        _ = child.wait()
    }
}
