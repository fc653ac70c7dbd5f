// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A real ssh-agent for one test.
package struct SSHAgent {
    package let socket: String

    /// Runs `body` with an empty agent and ends it whatever happens.
    package static func with<Value>(_ scratch: Scratch, _ body: (SSHAgent) throws -> Value) throws -> Value {
        let agent = SSHAgent(socket: "\(scratch.path)/agent")
        let daemon = try BackgroundProcess(["ssh-agent", "-D", "-a", agent.socket])
        defer { daemon.stop() }
        try TestRelay.wait(for: "an ssh-agent") { FileManager.default.fileExists(atPath: agent.socket) }
        return try body(agent)
    }

    /// Lets the agent hold the keys in these files, which are not encrypted.
    package func add(_ paths: String...) throws {
        for path in paths { try Execution.require(["ssh-add", "-q", path], environment: ["SSH_AUTH_SOCK": socket]) }
    }
}
