// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A relay of our own, with an agent for this machine.
struct RelayPlace {
    static let state = "relay"
    static let instance = "web-1"

    let workshop: Workshop
    let port: Int
    /// The relay's process.
    let process: pid_t
    /// The agent's folder, for others who are to be its instance.
    let agentFolder: String
    var authorities: String { "\(workshop.folder)/\(RelayPlace.state)/tls/ca.pem" }

    /// Starts both, and ends them however `body` ends.
    ///
    /// - Parameter withAgent: whether the agent runs; it is registered in any case.
    static func with(_ workshop: Workshop, withAgent: Bool, _ body: (RelayPlace) throws -> Void) throws {
        let folder = try workshop.makeFolder(state)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = try Loopback.freePort()
        func daemon(_ arguments: String...) -> Command { workshop.program("latchkeyd", arguments, state: state) }
        try workshop.run(daemon("init", "--port", "\(port)"))
        let relay = try daemon("run", "--listen", "127.0.0.1:\(port)", "--log-level", "warning")
            .start(output: "/dev/null", errors: "\(folder)/relay.log")
        defer {
            kill(relay, SIGTERM)
            Command.wait(for: relay)
        }
        try Loopback.await(port: port)
        let activation = try workshop.run(daemon("activation", "create", "--name", instance)).output
        let place = RelayPlace(workshop: workshop, port: port, process: relay, agentFolder: "\(folder)/agent")
        func agent(_ arguments: String...) -> Command {
            workshop.program("latchkey-agent", arguments + ["--state", place.agentFolder], state: state)
        }
        try workshop.run(
            agent(
                "register",
                "--endpoint",
                "https://127.0.0.1:\(port)",
                "--ca",
                place.authorities,
                "--activation-id",
                try value("activation_id", in: activation),
                "--activation-code",
                try value("activation_code", in: activation)
            )
        )
        guard withAgent else { return try body(place) }
        let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        let process = try agent("run", "--default-user", user)
            .start(output: "/dev/null", errors: "\(folder)/agent.log")
        defer {
            kill(process, SIGTERM)
            Command.wait(for: process)
        }
        for _ in 0..<100 where (try? workshop.run(place.connect("true"))) == nil { usleep(100_000) }
        try body(place)
    }

    /// An access key for a client that signs by itself.
    func makeAccessKey() throws -> (id: String, secret: String) {
        let command = workshop.program("latchkeyd", ["access-key", "create", "benchmark"], state: RelayPlace.state)
        let output = try workshop.run(command).output
        return (
            try RelayPlace.value("aws_access_key_id", in: output),
            try RelayPlace.value("aws_secret_access_key", in: output)
        )
    }

    /// A command on the instance.
    func connect(_ command: String...) -> Command {
        workshop.program(
            "latchkey",
            ["connect", RelayPlace.instance, "--road", "relay", "--"] + command,
            state: RelayPlace.state
        )
    }

    /// The value in a line `name = value`.
    static func value(_ name: String, in text: String) throws -> String {
        for line in text.split(separator: "\n") where line.hasPrefix("\(name) = ") {
            return String(line.dropFirst(name.count + 3))
        }
        throw Command.Failure(description: "there is no \(name)")
    }
}
