// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// An instance in a container that nobody can reach: its sshd listens at its own loopback address only. A latchkey-agent in
/// it dials out.
package final class ContainerAgent {
    private let id: String

    private init(authorizing key: String) throws {
        let libraries = try ContainerAgent.libraries()
        id =
            try Execution.require(
                [
                    "docker", "run", "--detach", "--init", "--label", "latchkey-test", "--env",
                    "LATCHKEY_PUBLIC_KEY=\(key)", "--env", "LATCHKEY_SSHD_OPTIONS=-o ListenAddress=127.0.0.1",
                    "--env", "LATCHKEY_LIFETIME_SECONDS=900",
                ] + libraries.flatMap { ["--volume", "\($0):\($0):ro"] } + [TestInstance.image]
            )
            .line
    }

    /// Runs `body` with one whose agent is registered as the instance `name` and connected.
    ///
    /// - Parameter key: a line of authorized_keys for the user `admin`.
    package static func with<Value>(
        _ relay: TestRelay,
        _ name: String,
        authorizing key: String,
        _ body: (ContainerAgent) throws -> Value
    ) throws -> Value {
        // Containers reach this machine at the address that it has on their network.
        let network = ["docker", "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", "bridge"]
        let gateway = try Execution.require(network).line
        try relay.latchkeyd("init", "--name", gateway, "--port", String(relay.port))
        try relay.end(by: SIGTERM)
        try relay.start("--listen", "\(gateway):\(relay.port)")

        let container = try ContainerAgent(authorizing: key)
        defer { _ = try? Execution.run(["docker", "rm", "--force", "--volumes", container.id]) }
        try container.start(relay, name, at: "https://\(gateway):\(relay.port)")
        return try body(container)
    }

    private func start(_ relay: TestRelay, _ name: String, at endpoint: String) throws {
        let activation = try relay.latchkeyd("activation", "create", "--name", name).text
        let values = activation.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) }
        guard values.count == 2 else { throw HarnessError("no activation: \(activation)") }
        let program = Scratch.program(named: "latchkey-agent")
        try Execution.require(["docker", "cp", program, "\(id):/usr/local/bin/latchkey-agent"])
        try Execution.require(["docker", "cp", relay.authority, "\(id):/etc/latchkey-ca.pem"])
        try Execution.require([
            "docker", "exec", "--env", "LATCHKEY_ACTIVATION_CODE=\(values[1])", id, "latchkey-agent", "register",
            "--endpoint", endpoint, "--ca", "/etc/latchkey-ca.pem", "--activation-id", values[0],
        ])
        try Execution.require(["docker", "exec", "--detach", id, "latchkey-agent", "run"])
        try TestRelay.wait(
            for: "the agent in the container",
            { try relay.log().contains("\"agent connected\"") },
            otherwise: { try relay.log() }
        )
    }

    /// Runs a shell script in the container, as root.
    @discardableResult
    package func shell(_ script: String) throws -> Execution {
        try Execution.require(["docker", "exec", id, "sh", "-c", script])
    }

    /// The folders of Swift's runtime, which a debug build takes from the toolchain.
    private static func libraries() throws -> [String] {
        let listed = try Execution.require(["ldd", Scratch.program(named: "latchkey-agent")]).text
        let paths = listed.split(separator: "\n")
            .compactMap { line in
                line.split(separator: " ").first { $0.hasPrefix("/") && $0.contains("/swift/") }
            }
        let folders = paths.map { path in path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }.map(String.init)
        return Array(Set(folders)).sorted()
    }
}
