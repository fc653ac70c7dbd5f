// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyTerminal

extension RelayClient {
    /// What a relay calls the kinds of session that it opens.
    package enum Documents: Equatable, Sendable {
        /// latchkeyd's, which can be told a user, a terminal and an environment.
        case latchkey
        /// Session Manager's.
        case amazon
    }

    /// What a session is for.
    enum Purpose {
        /// A shell, or the line for one.
        ///
        /// - user: nil for the agent's own choice.
        case shell(user: String?, line: String?, RelayClient.Shape)
        /// The port of an sshd; nil for the one that the agent knows, which is this one where it knows none.
        case port(Int?, default: Int)
    }

    /// The terminal and the environment of a shell.
    struct Shape {
        var terminal: (type: String, size: TerminalSize)?
        var environment: [(name: String, value: String)] = []
    }

    struct Document: Equatable {
        /// Nil for the relay's own choice: on AWS the shell as the account's preferences have it.
        let name: String?
        var parameters: [String: [String]] = [:]
    }
}

extension RelayClient.Purpose {
    func document(_ documents: RelayClient.Documents) -> RelayClient.Document {
        switch (self, documents) {
        case (.port(let port, _), .latchkey):
            return RelayClient.Document(
                name: "Latchkey-SSH",
                parameters: port.map { ["portNumber": [String($0)]] } ?? [:]
            )
        case (.port(let port, let known), .amazon):
            return RelayClient.Document(
                name: "AWS-StartSSHSession",
                parameters: ["portNumber": [String(port ?? known)]]
            )
        case (.shell(_, nil, _), .amazon): return RelayClient.Document(name: nil)
        case (.shell(_, let line?, let shape), .amazon):
            guard shape.terminal == nil else {
                return RelayClient.Document(name: "AWS-StartInteractiveCommand", parameters: ["command": [line]])
            }
            // It splits the line into words, starts no shell by itself, and tells the status with separate outputs only.
            return RelayClient.Document(
                name: "AWS-StartNonInteractiveCommand",
                parameters: ["command": [RemoteCommand.supervised(line)], "separateOutputStream": ["true"]]
            )
        case (.shell(let user, let line, let shape), .latchkey):
            var parameters: [String: [String]] = [:]
            parameters["user"] = user.map { [$0] }
            parameters["command"] = line.map { [$0] }
            if let terminal = shape.terminal {
                parameters["terminal"] = [terminal.type]
                parameters["columns"] = [String(terminal.size.columns)]
                parameters["rows"] = [String(terminal.size.rows)]
                let variables = shape.environment.map { "\($0.name)=\($0.value)" }
                if !variables.isEmpty { parameters["environment"] = variables }
            }
            return RelayClient.Document(name: "Latchkey-Connect", parameters: parameters)
        }
    }
}
