// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyKeys
internal import LatchkeyModel
internal import LatchkeySSH
internal import LatchkeySystem
internal import LatchkeyTerminal
internal import LatchkeyTransport

/// Connects to an instance's SSH port, as often as needed. Each time the host key is checked before anything else is sent.
final class SSHConnector {
    let instance: Instance
    let user: String
    let port: Int
    let broker: Broker
    let options: Broker.Options
    /// The host keys that this instance may show: those pinned before, and the one that was trusted by this connector.
    var trusted: [PublicKey]

    /// - Throws: `instanceNotRunning`, `instanceUnreachable` (no address), `nameInvalid`.
    init(instance: Instance, options: Broker.Options, broker: Broker) throws {
        guard instance.state == .running || instance.state == .pending else {
            throw LatchkeyError(
                .instanceNotRunning,
                "instance '\(instance.displayName)' is \(instance.state.rawValue)",
                hint: instance.state == .stopped
                    ? "latchkey instance start '\(instance.displayName)', or aws ec2 start-instances"
                    : "wait, or choose another: latchkey instance list"
            )
        }
        guard !instance.addresses.isEmpty || options.road == .sshOverRelay else {
            throw LatchkeyError(
                .instanceUnreachable,
                "instance '\(instance.displayName)' has no address",
                hint: instance.state == .pending
                    ? "it is just being launched; try again in a moment"
                    : instance.id.hasPrefix(Identifier.managedInstancePrefix)
                        ? "its agent opens shells through the relay: --road relay"
                        : "remove it and add it with --address"
            )
        }
        self.instance = instance
        self.options = options
        self.broker = broker
        trusted = instance.hostKeys.map(\.key)
        user = try Names.user(options.user ?? instance.user ?? Environment.userName)
        port = options.port ?? instance.port
    }

    /// Reaches the instance and makes sure that it is the one that is meant.
    ///
    /// - Parameter trusting: false to refuse a host key that is not pinned yet instead of asking.
    /// - Throws: `instanceUnreachable`, `hostKeyUnknown`, `hostKeyChanged`, `cancelled`.
    func connectAndVerify(trusting: Bool = true) throws -> UnauthenticatedSession {
        let handshaken = try reach()
        broker.trace.step("keys exchanged with \(handshaken.serverVersion)")
        try check(handshaken.hostKey, trusting: trusting)
        return handshaken
    }

    private func reach() throws -> UnauthenticatedSession {
        if options.road == .sshOverRelay {
            let socket = try broker.requireRelay().socket(to: instance, port: options.port)
            broker.trace.step("connected to its sshd through the relay")
            do throws(SSHError) {
                return try UnauthenticatedSession(
                    over: socket,
                    user: user,
                    preferring: trusted,
                    timeout: options.timeout
                )
            } catch {
                throw unreachable(error)
            }
        }
        do throws(SSHError) {
            return try UnauthenticatedSession(
                over: try dial(),
                user: user,
                preferring: trusted,
                timeout: options.timeout
            )
        } catch {
            throw unreachable(error)
        }
    }

    private func dial() throws(SSHError) -> Dialer.Socket {
        do throws(DialFailure) {
            let connected = try dialAddresses()
            broker.trace.step("connected to \(HostText.endpoint(connected.address, port))")
            return connected.takeSocket()
        } catch {
            throw SSHError(error)
        }
    }

    /// How long the addresses have, in milliseconds, before it is asked whether the relay is not the better road. Where
    /// packets are dropped no answer comes at all, so a longer wait would be in vain.
    private static let headStart = 1500

    private func dialAddresses() throws(DialFailure) -> Dialer.Connected {
        let timeout = options.timeout * 1000
        guard let relay = broker.relay, options.road == nil, timeout > SSHConnector.headStart else {
            return try Dialer.dial(hosts: instance.addresses, port: port, timeout: timeout)
        }
        do throws(DialFailure) {
            return try Dialer.dial(hosts: instance.addresses, port: port, timeout: SSHConnector.headStart)
        } catch .timedOut {
            if case .connected = relay.presence(of: instance) { throw .timedOut }
        }
        return try Dialer.dial(hosts: instance.addresses, port: port, timeout: timeout - SSHConnector.headStart)
    }

    /// Where this connector is, for messages.
    var endpoint: String {
        if options.road == .sshOverRelay { return "its sshd, through the relay" }
        return instance.addresses.map { HostText.endpoint($0, port) }.joined(separator: ", ").terminalSafe
    }

    private func unreachable(_ error: SSHError) -> LatchkeyError {
        let what = "cannot reach '\(instance.displayName)' at \(endpoint)"
        if options.road == .sshOverRelay, let reason = broker.relay?.tunnels.running.takeReason() {
            return LatchkeyError(
                .instanceUnreachable,
                "\(what): \(reason)",
                hint: "check that sshd runs there, and listens on the port"
            )
        }
        switch error {
        case .unknownHost(let host):
            return LatchkeyError(
                .instanceUnreachable,
                "\(what): the name '\(host.terminalSafe)' cannot be resolved",
                hint: "check the address: latchkey instance show '\(instance.displayName)'"
            )
        case .timedOut:
            return LatchkeyError(
                .instanceUnreachable,
                "\(what): no answer within \(options.timeout) s",
                hint: "check that it runs, and that its firewall lets port \(port) through"
            )
        case .closedAtStart(let message):
            return LatchkeyError(
                .instanceUnreachable,
                "\(what): port \(port) answers, but closed the connection before SSH began"
                    + (message.map { ", saying '\($0)'" } ?? ""),
                hint: "its sshd may be overloaded (MaxStartups) or refuse this address; or port \(port) is not sshd's"
            )
        case .identificationTooLong(let count):
            return LatchkeyError(
                .instanceUnreachable,
                "\(what): its identification has \(count) bytes, and SSH allows 255 (RFC 4253)",
                hint: "see VersionAddendum in its sshd_config, and what stands before its sshd; ssh itself takes 8192"
            )
        case .handshakeFailed(let message):
            return LatchkeyError(
                .instanceUnreachable,
                "\(what): something answers there, but no SSH session came about (\(message))",
                hint: "check that port \(port) is sshd's"
            )
        case .unreachable(let message), .system(let message), .disconnected(let message), .requestRefused(let message):
            return LatchkeyError(
                .instanceUnreachable,
                "\(what): \(message)",
                hint: "check that it runs, and that sshd listens on port \(port)"
            )
        case .denied, .notSigned:
            return LatchkeyError(.instanceUnreachable, what)
        }
    }
}

extension SSHConnector {
    /// What to say when a login ends otherwise than by a refused key.
    func loginFailure(_ error: SSHError) -> LatchkeyError {
        switch error {
        case .denied(let methods):
            let others = methods.filter { $0 != "publickey" }.joined(separator: ", ")
            return LatchkeyError(
                .userRefused,
                "'\(instance.displayName)' knows the key, but does not let '\(user.terminalSafe)' in with it",
                hint: others.isEmpty
                    ? "its sshd may demand more, or forbid this user; its log says which"
                    : "it also takes \(others), which Latchkey does not offer"
            )
        case .timedOut:
            return LatchkeyError(
                .connectionLost,
                "'\(instance.displayName)' stopped answering during the login",
                hint: "its sshd may be overloaded; try again"
            )
        case .closedAtStart, .identificationTooLong: return unreachable(error)
        case .disconnected(let message), .system(let message), .unreachable(let message), .handshakeFailed(let message),
            .requestRefused(let message), .unknownHost(let message):
            return LatchkeyError(
                .connectionLost,
                "'\(instance.displayName)' closed the connection during the login",
                hint: "its sshd's log says why",
                cause: message
            )
        case .notSigned:
            return LatchkeyError(
                .keyUnusable,
                "'\(instance.displayName)' knows the key, but it did not sign",
                hint: "if an ssh-agent holds it, the agent's own question may have been declined or timed out"
            )
        }
    }
}
