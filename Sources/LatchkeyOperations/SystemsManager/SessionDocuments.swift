// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
package import LatchkeySessionProtocol

/// The documents that a session can be started with, and what each means for the agent.
package enum SessionDocuments {
    /// Latchkey's own: what its client wants, in the words of whichever agent is there.
    static let connect = "Latchkey-Connect"
    /// Latchkey's own: the instance's sshd, on whichever port its agent knows it to be.
    static let sshd = "Latchkey-SSH"
    static let shell = "SSM-SessionManagerRunShell"

    struct Plan {
        var type: SessionType
        var user: String?
        var properties: SessionTask.Properties
    }

    /// - Parameter isOwnAgent: whether Latchkey's own agent is at the other end.
    /// - Throws: `ServiceError` for a document that there is not, or parameters that it does not take.
    static func plan(
        _ name: String,
        _ parameters: [String: [String]],
        isOwnAgent: Bool
    ) throws(ServiceError) -> Plan {
        var given = Parameters(parameters)
        var plan: Plan
        switch name {
        case shell:
            plan = Plan(type: .shell, properties: commands(""))
        case "AWS-StartInteractiveCommand":
            plan = Plan(type: .interactiveCommand, properties: commands(try given.require("command")))
        case "AWS-StartNonInteractiveCommand":
            var command = SessionTask.Command()
            command.commands = try given.require("command")
            command.separateOutputStream = try given.take("separateOutputStream") ?? "false"
            command.stdOutSeparatorPrefix = try given.take("stdOutSeparatorPrefix") ?? ""
            command.stdErrSeparatorPrefix = try given.take("stdErrSeparatorPrefix") ?? ""
            plan = Plan(type: .command, properties: commands(command))
        case "AWS-StartSSHSession":
            plan = Plan(type: .port, properties: SessionTask.Properties())
            plan.properties.portNumber = try given.port("portNumber") ?? "22"
        case "AWS-PasswordReset":
            var command = SessionTask.Command()
            command.commands = "passwd -- \(RemoteCommand.quoted(try given.user("username")))"
            command.runAsElevated = true
            plan = Plan(type: .interactiveCommand, properties: commands(command))
        case "AWS-StartPortForwardingSession", "AWS-StartPortForwardingSessionToRemoteHost",
            "AWS-StartPortForwardingSessionToSocket":
            plan = Plan(type: .port, properties: try forward(name, &given))
        case sshd:
            plan = Plan(type: .port, properties: SessionTask.Properties())
            plan.properties.portNumber = try given.port("portNumber") ?? (isOwnAgent ? nil : "22")
        case connect:
            plan = try own(&given, isOwnAgent)
        default:
            throw ServiceError(
                code: "InvalidDocument",
                message: "Document with name \(name.cut(to: .quotation)) does not exist."
            )
        }
        try given.finish(name)
        return plan
    }

    private static func forward(
        _ name: String,
        _ given: inout Parameters
    ) throws(ServiceError) -> SessionTask.Properties {
        var properties = SessionTask.Properties()
        properties.type = "LocalPortForwarding"
        properties.portNumber = try given.port("portNumber") ?? "80"
        if name.hasSuffix("ToSocket") {
            properties.localConnectionType = "unix"
            properties.localUnixSocket = try given.require("localUnixSocket")
            return properties
        }
        properties.localPortNumber = try given.port("localPortNumber", zero: true) ?? "0"
        if name.hasSuffix("ToRemoteHost") {
            properties.host = try given.require("host")
            return properties
        }
        switch try given.take("localConnectionType") {
        case nil: break
        case "unix":
            properties.localConnectionType = "unix"
            properties.localUnixSocket = try given.require("localUnixSocket")
        default: throw .invalid("'localConnectionType' is unix, or nothing")
        }
        return properties
    }

    /// What a session is for that was started with these before.
    package static func type(_ name: String, _ parameters: [String: [String]]) -> SessionType {
        // They were understood then; what a newer version wrote is a shell at the least.
        (try? plan(name, parameters, isOwnAgent: true))?.type ?? .shell
    }

    private static func commands(_ line: String) -> SessionTask.Properties {
        var command = SessionTask.Command()
        command.commands = line
        return commands(command)
    }

    private static func commands(_ command: SessionTask.Command) -> SessionTask.Properties {
        var properties = SessionTask.Properties()
        properties.linux = command
        properties.windows = command
        properties.macos = command
        return properties
    }

    private static func own(_ given: inout Parameters, _ isOwnAgent: Bool) throws(ServiceError) -> Plan {
        var start = SessionTask.Start()
        start.command = try given.take("command")
        start.terminal = try given.take("terminal")
        start.columns = try given.number("columns")
        start.rows = try given.number("rows")
        start.environment = try given.all("environment")
        let user = try given.optionalUser("user")
        let type: SessionType =
            switch (start.terminal, start.command) {
            case (nil, _): .command
            case (_, nil): .shell
            default: .interactiveCommand
            }
        if isOwnAgent {
            var properties = SessionTask.Properties()
            properties.latchkey = start
            return Plan(type: type, user: user, properties: properties)
        }
        switch (type, start.command) {
        case (.shell, _): return Plan(type: type, user: user, properties: commands(""))
        case (.interactiveCommand, let line?): return Plan(type: type, user: user, properties: commands(line))
        case (_, let line?):
            // It splits the line into words as a shell would, and starts no shell by itself.
            var command = SessionTask.Command()
            command.commands = RemoteCommand.supervised(line)
            command.separateOutputStream = "true"
            return Plan(type: .command, user: user, properties: commands(command))
        default:
            throw ServiceError(
                code: "UnsupportedOperation",
                message: "the instance has the Amazon agent, which cannot give a shell an input without a terminal"
            )
        }
    }

    /// The parameters of a request; what is left over at the end is an error.
    private struct Parameters {
        private var values: [String: [String]]

        init(_ values: [String: [String]]) { self.values = values }

        mutating func all(_ name: String) throws(ServiceError) -> [String] {
            let values = values.removeValue(forKey: name) ?? []
            guard values.count <= 64, values.allSatisfy({ $0.utf8.count <= RemoteCommand.limit }) else {
                throw .invalid("'\(name)' is longer than \(RemoteCommand.limit) bytes")
            }
            guard values.allSatisfy({ !$0.utf8.contains(0) }) else { throw .invalid("'\(name)' has a zero in it") }
            return values
        }

        mutating func take(_ name: String) throws(ServiceError) -> String? {
            let values = try all(name)
            guard values.count <= 1 else { throw .invalid("'\(name)' is given more than once") }
            return values.first.flatMap { $0.isEmpty ? nil : $0 }
        }

        mutating func require(_ name: String) throws(ServiceError) -> String {
            guard let value = try take(name) else {
                throw ServiceError(code: "InvalidParameters", message: "the parameter '\(name)' is missing")
            }
            return value
        }

        mutating func number(_ name: String) throws(ServiceError) -> Int? {
            guard let text = try take(name) else { return nil }
            guard let number = Int(text), (0...65535).contains(number) else {
                throw .invalid("'\(name)' is not a number from 0 to 65535")
            }
            return number
        }

        mutating func port(_ name: String, zero: Bool = false) throws(ServiceError) -> String? {
            guard let number = try number(name) else { return nil }
            guard number > 0 || zero else { throw .invalid("'\(name)' is not a port") }
            return String(number)
        }

        mutating func optionalUser(_ name: String) throws(ServiceError) -> String? {
            guard let user = try take(name) else { return nil }
            do { return try Names.user(user) } catch { throw .invalid("'\(name)' is not a user's name") }
        }

        mutating func user(_ name: String) throws(ServiceError) -> String {
            guard let user = try optionalUser(name) else {
                throw ServiceError(code: "InvalidParameters", message: "the parameter '\(name)' is missing")
            }
            return user
        }

        func finish(_ document: String) throws(ServiceError) {
            guard let name = values.keys.sorted().first else { return }
            throw ServiceError(
                code: "InvalidParameters",
                message: "the document \(document) has no parameter '\(name.cut(to: .quotation))'"
            )
        }
    }
}
