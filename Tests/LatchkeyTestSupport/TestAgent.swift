// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A latchkey-agent of a relay, registered on this machine, with a state folder of its own.
package final class TestAgent {
    package let relay: TestRelay
    package let instanceID: String
    private let state: String
    private var daemon: BackgroundProcess?

    private init(_ relay: TestRelay, _ name: String, at endpoint: String) throws {
        self.relay = relay
        state = "\(relay.scratch.path)/agent-\(name)"
        let activation = try relay.latchkeyd("activation", "create", "--name", name).text
        let values = activation.split(separator: "\n").filter { $0.hasPrefix("activation_") }
            .compactMap { $0.split(separator: " ").last.map(String.init) }
        guard values.count == 2 else { throw HarnessError("no activation: \(activation)") }
        instanceID =
            try Execution.require(
                [
                    Scratch.program(named: "latchkey-agent"), "register", "--endpoint", endpoint,
                    "--ca", relay.authority, "--state", state, "--activation-id", values[0],
                ],
                environment: ["LATCHKEY_ACTIVATION_CODE": values[1]]
            )
            .line
    }

    /// Runs `body` with one that is connected, and ends it whatever happens.
    ///
    /// - Parameters:
    ///   - name: of the instance that it becomes, or of one that is known and has no agent.
    ///   - endpoint: where it finds the relay; nil for the relay's own place.
    package static func with<Value>(
        _ relay: TestRelay,
        _ name: String = "web-1",
        at endpoint: String? = nil,
        _ body: (TestAgent) throws -> Value
    ) throws -> Value {
        let agent = try TestAgent(relay, name, at: endpoint ?? relay.endpoint)
        try agent.start()
        defer { agent.daemon?.stop() }
        return try body(agent)
    }

    /// The words that start it.
    package var arguments: [String] {
        // Sessions run as whoever runs the tests: no user is made on this machine.
        let user = geteuid() == 0 ? ["--default-user", NSUserName()] : []
        return [Scratch.program(named: "latchkey-agent"), "run", "--state", state] + user
    }

    /// Starts it, and waits until the relay knows it.
    package func start() throws {
        let known = try connections()
        daemon = try BackgroundProcess(arguments, log: logPath)
        try TestRelay.wait(for: "the agent", { try connections() > known }, otherwise: { try log() })
    }

    /// Waits until it has come back to a relay that was started again.
    ///
    /// - Parameter connections: what ``connections()`` was before.
    package func waitForReturn(after connections: Int) throws {
        try TestRelay.wait(
            for: "the agent to come back",
            { try self.connections() > connections },
            otherwise: { try log() }
        )
    }

    /// How often it has connected so far.
    package func connections() throws -> Int {
        try relay.log().split(separator: "\n")
            .filter { $0.contains("\"agent connected\"") && $0.contains("\"\(instanceID)\"") }.count
    }

    /// Ends it by a signal, and it alone.
    package func end(by signal: Int32) throws {
        try daemon?.end(by: signal)
        daemon = nil
    }

    package func send(_ signal: Int32) throws { try daemon?.send(signal) }

    /// What it tells this machine's sshd of the keys that a user has.
    package func authorizedKeys(_ user: String) throws -> Execution {
        try Execution.run([Scratch.program(named: "latchkey-agent"), "authorized-keys", "--state", state, user])
    }

    /// Waits until it has nothing to do.
    package func waitUntilIdle() throws {
        try ProcessState.waitUntilIdle("the agent") { try daemon?.processes() ?? [] }
    }

    private var logPath: String { "\(state).log" }
    package func log() throws -> String { try relay.scratch.read(logPath) }
}
