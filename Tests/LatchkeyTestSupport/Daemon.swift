// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A program that runs beside a test and ends by itself after 15 minutes, should the test be killed.
package final class Daemon {
    private let child: Spawn

    /// - Parameter log: a file that takes its standard error; nil for none.
    package init(_ arguments: [String], log: String? = nil) throws {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        let error = log.map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) } ?? null
        defer {
            close(null)
            if error != null { close(error) }
        }
        child = try Spawn(
            ["timeout", "900"] + arguments,
            environment: ProcessInfo.processInfo.environment,
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

    package func stop() {
        // Backwards, so that none is left without a parent.
        for process in ((try? processes()) ?? []).reversed() { kill(process, SIGKILL) }
        _ = child.wait()
    }
}
