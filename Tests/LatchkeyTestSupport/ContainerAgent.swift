// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// An instance in a container that nobody can reach: its sshd listens at its own loopback address only. An agent in it
/// dials out.
package final class ContainerAgent {
    /// Whose agent it is.
    package enum Make: Sendable { case latchkey, amazon }

    let id: String
    /// Where it reaches this machine.
    package let hostAddress: String

    private init(authorizing key: String, _ make: Make) throws {
        let volumes = make == .latchkey ? try ContainerAgent.libraries() : try ContainerAgent.officialPrograms()
        id =
            try Execution.require(
                [
                    "docker", "run", "--detach", "--init", "--label", "latchkey-test", "--env",
                    "LATCHKEY_PUBLIC_KEY=\(key)", "--env", "LATCHKEY_SSHD_OPTIONS=-o ListenAddress=127.0.0.1",
                    "--env", "LATCHKEY_LIFETIME_SECONDS=3600",
                ] + volumes.flatMap { ["--volume", "\($0):\($1):ro"] } + [TestInstance.image]
            )
            .line
        // The network itself does not tell before its engine was started twice.
        let gateways = "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}"
        hostAddress = try Execution.require(["docker", "container", "inspect", "--format", gateways, id]).line
    }

    /// Runs `body` with one whose agent is registered as the instance `name` and connected.
    ///
    /// - Parameter key: a line of authorized_keys for the user `admin`.
    package static func with<Value>(
        _ relay: TestRelay,
        _ name: String,
        authorizing key: String,
        make: Make = .latchkey,
        _ body: (ContainerAgent) throws -> Value
    ) throws -> Value {
        let container = try ContainerAgent(authorizing: key, make)
        defer { _ = try? Execution.run(["docker", "rm", "--force", "--volumes", container.id]) }
        try relay.latchkeyd("init", "--name", container.hostAddress, "--port", String(relay.port))
        try relay.end(by: SIGTERM)
        try relay.start("--listen", "\(container.hostAddress):\(relay.port)")
        try container.start(relay, name, at: "https://\(container.hostAddress):\(relay.port)", make)
        return try body(container)
    }

    private func start(_ relay: TestRelay, _ name: String, at endpoint: String, _ make: Make) throws {
        try Execution.require(["docker", "cp", relay.authority, "\(id):\(ContainerAgent.authority)"])
        let activation = try relay.latchkeyd("activation", "create", "--name", name).text
        let values = activation.split(separator: "\n").filter { $0.hasPrefix("activation_") }
            .compactMap { $0.split(separator: " ").last.map(String.init) }
        guard values.count == 2 else { throw HarnessError("no activation: \(activation)") }
        switch make {
        case .latchkey: try startOwn(endpoint, values[0], values[1])
        case .amazon: try startOfficial(endpoint, values[0], values[1])
        }
        try TestRelay.wait(
            for: "the agent in the container",
            { try relay.log().contains("\"agent connected\"") },
            otherwise: { try relay.log() + shell("cat /var/log/agent.log || true").text }
        )
    }

    /// Where the certificate to trust is in the container.
    static let authority = "/etc/latchkey-ca.pem"

    private func startOwn(_ endpoint: String, _ activationID: String, _ code: String) throws {
        let program = Scratch.program(named: "latchkey-agent")
        try Execution.require(["docker", "cp", program, "\(id):/usr/local/bin/latchkey-agent"])
        try Execution.require([
            "docker", "exec", "--env", "LATCHKEY_ACTIVATION_CODE=\(code)", id, "latchkey-agent", "register",
            "--endpoint", endpoint, "--ca", ContainerAgent.authority, "--activation-id", activationID,
        ])
        try run("latchkey-agent run")
    }

    /// Starts the agent, whose words go into a file.
    func run(_ command: String, environment: [String] = []) throws {
        let variables = environment.flatMap { ["--env", $0] }
        let script = "exec \(command) >/var/log/agent.log 2>&1"
        try Execution.require(["docker", "exec", "--detach"] + variables + [id, "sh", "-c", script])
    }

    /// Runs a shell script in the container, as root.
    @discardableResult
    package func shell(_ script: String) throws -> Execution {
        try Execution.require(["docker", "exec", id, "sh", "-c", script])
    }

    /// The folders of Swift's runtime, which a debug build takes from the toolchain: where they are, here and there.
    package static func libraries() throws -> [(String, String)] {
        let listed = try Execution.require(["ldd", Scratch.program(named: "latchkey-agent")]).text
        let paths = listed.split(separator: "\n")
            .compactMap { line in
                line.split(separator: " ").first { $0.hasPrefix("/") && $0.contains("/swift/") }
            }
        let folders = paths.map { path in path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }.map(String.init)
        return Set(folders).map { ($0, $0) }
    }
}
