// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySessionProtocol

/// From what a session asks for to what serves it on this machine.
struct SessionBackendFactory: Sendable {
    let stateFolder: String
    let denied: DenyList
    /// The user that sessions run as which name none; nil for `ssm-user`, or the agent's own if it is not root.
    let defaultUser: String?
    let allowedUsers: AllowedUsers

    func make(_ task: SessionTask, _ type: SessionType) throws(SessionBackendFailure) -> any SessionBackend {
        switch type {
        case .port: return try port(task.document.properties)
        case .shell, .interactiveCommand, .command: return try process(task, type)
        }
    }

    private func port(_ properties: SessionTask.Properties) throws(SessionBackendFailure) -> any SessionBackend {
        // A session that names no port is for SSH.
        let port = properties.portNumber.map { Int($0) ?? 0 } ?? HostFacts.sshPort(in: "/etc/ssh")
        guard (1...65535).contains(port) else { throw SessionBackendFailure(reason: "the session names no port") }
        let host = properties.host.flatMap { $0.isEmpty ? nil : $0 } ?? "localhost"
        let target: PortTarget
        do throws(PortTargetError) { target = try .resolve(host: host, port: port, denying: denied) } catch {
            throw SessionBackendFailure(reason: error.description.terminalSafe)
        }
        guard properties.type == "LocalPortForwarding" else { return try PortBackend(target) }
        return MultiplexedPortBackend(target)
    }

    private func user(_ name: String) throws(SessionBackendFailure) -> LocalUser {
        do throws(LocalUserError) {
            if !name.isEmpty { return try .named(name) }
            if let defaultUser { return try .named(defaultUser) }
            guard LocalUser.current.identifier == 0 else { return .current }
            return try LocalUser.ensureSessionUser(stateFolder: stateFolder).user
        } catch {
            throw SessionBackendFailure(reason: "\(error)".terminalSafe)
        }
    }

    private func process(_ task: SessionTask, _ type: SessionType) throws(SessionBackendFailure) -> any SessionBackend {
        let inputs = task.document.inputs
        let user: LocalUser
        if task.document.properties.linux?.runAsElevated == true {
            user = LocalUser.current
            if !allowedUsers.includesOwnUser { try allowedUsers.check(user) }
        } else {
            user = try self.user(inputs.runAsEnabled ? inputs.runAsDefaultUser : task.runAsUser)
            try allowedUsers.check(user)
        }
        if let start = task.document.properties.latchkey { return try own(start, user) }
        let command = task.document.properties.linux?.commands ?? ""
        let terminal = LocalTerminalSize(columns: 80, rows: 24)
        switch type {
        case .command:
            let isSeparate = task.document.properties.linux?.separateOutputStream.lowercased() == "true"
            let streams: ProcessBackend.Streams =
                isSeparate ? .separate(try SessionBackendFactory.prefixes(task.document.properties.linux)) : .joined
            let plan: LocalProcess.Specification
            do { plan = try ShellCommand.program(command, user) } catch {
                throw SessionBackendFailure(reason: error.description)
            }
            return try ProcessBackend(plan, streams: streams, waitsForSize: false)
        case .interactiveCommand:
            return try ProcessBackend(
                ShellCommand.command(command, user, terminal: terminal),
                streams: .joined,
                waitsForSize: true
            )
        default:
            return try ProcessBackend(
                ShellCommand.login(user, terminal: terminal),
                streams: .joined,
                waitsForSize: true
            )
        }
    }

    /// What an official agent takes as prefixes.
    private static func prefixes(_ command: SessionTask.Command?) throws(SessionBackendFailure)
        -> ProcessBackend.StreamPrefixes
    {
        func prefix(_ text: String?, _ name: String) throws(SessionBackendFailure) -> [UInt8] {
            let bytes = Array((text ?? "").utf8)
            let isKnown = bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "\r\n_:-".utf8.contains(byte)
                }
            }
            guard bytes.count <= 30, isKnown else {
                throw SessionBackendFailure(
                    reason: "'\(name)' is 30 letters, digits, line ends, '_', ':', '-' at the most"
                )
            }
            return bytes
        }
        return ProcessBackend.StreamPrefixes(
            output: try prefix(command?.stdOutSeparatorPrefix, "stdOutSeparatorPrefix"),
            error: try prefix(command?.stdErrSeparatorPrefix, "stdErrSeparatorPrefix")
        )
    }

    /// As Latchkey's client asks for it: everything is known from the start.
    private func own(_ start: SessionTask.Start, _ user: LocalUser) throws(SessionBackendFailure) -> any SessionBackend
    {
        var variables = start.environment.compactMap { variable -> (String, String)? in
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        var terminal: LocalTerminalSize?
        if let name = start.terminal {
            variables.append(("TERM", name))
            terminal = LocalTerminalSize(columns: start.columns ?? 80, rows: start.rows ?? 24)
        }
        let plan =
            if let command = start.command {
                ShellCommand.command(command, user, terminal: terminal, variables: variables)
            } else {
                ShellCommand.login(user, terminal: terminal, variables: variables)
            }
        return try ProcessBackend(plan, streams: .separate(), waitsForSize: false)
    }
}
