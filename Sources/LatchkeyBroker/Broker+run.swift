// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
package import LatchkeyModel
package import LatchkeyRelayClient
internal import LatchkeySSH
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTerminal

extension Broker {
    /// What to run on an instance, and with which terminal.
    package struct Run: Sendable {
        package enum TerminalChoice: Sendable {
            /// A terminal for a shell on a terminal; none for a command.
            case automatic
            case always, never
        }

        /// The words of the command; none for a login shell.
        package var command: [String] = []
        package var terminal = TerminalChoice.automatic
        package var forwardsInput = true
        /// Seconds of silence after which the instance is asked for a sign of life.
        package var probeInterval = 15

        package init() {}
    }

    /// What a run is to look like at the other end.
    struct Shape {
        var terminal: Connection.PseudoTerminal?
        var environment: [(name: String, value: String)] = []
    }

    /// Runs a shell or command and joins it to this process's input and outputs until it ends.
    ///
    /// - Returns: how the bridge came down; the connection is closed then.
    /// - Throws: `requestRefused`, `connectionLost`, and what ``Bridge/run(_:)`` throws.
    package func run(_ run: Run, over login: consuming AuthenticatedConnection, on instance: Instance) throws
        -> RunOutcome
    {
        var request = Connection.Request()
        request.command = RemoteCommand.line(run.command)
        let shape = run.shape
        request.terminal = shape.terminal
        request.environment = shape.environment
        let user = login.user
        do {
            var channel = try login.takeConnection().start(request)
            trace.step(request.command == nil ? "shell started" : "command started")
            var options = run.bridgeOptions
            if channel.lacksTerminal {
                interaction.note("note: '\(instance.displayName)' allows no terminal; this runs without one")
                options.terminal = nil
            }
            var bridge = try Bridge(options)
            return try outcome(try bridge.run(&channel), instance)
        } catch let error as SSHError {
            throw Broker.failure(error, instance, user)
        }
    }

    /// Joins a session through the relay to this process's input and outputs until it ends.
    ///
    /// - Throws: `connectionLost` if the session was ended for a reason of its own, and what ``Bridge/run(_:)`` throws.
    package func run(
        _ run: Run,
        over process: consuming RelayProcess,
        _ session: OpenSession,
        on name: String
    ) throws -> RunOutcome {
        let outcome: Bridge.Outcome
        do {
            var bridge = try Bridge(run.bridgeOptions)
            outcome = try bridge.run(&process)
        } catch {
            // Only a network that is lost leaves it running. Whatever else ends this program, a full disk, say, is no reason for
            // what it started to go on alone.
            if (error as? LatchkeyError)?.code != .connectionLost { end(session) }
            throw error
        }
        switch outcome {
        case .ended(let ending):
            if ending.exitStatus == nil || process.reason != nil {
                throw LatchkeyError(
                    .connectionLost,
                    "the session on '\(name)' ended: \(process.reason ?? "no reason was given")",
                    hint: SessionEndReason.hint(for: process.reason ?? "")
                )
            }
            return .exited(ending.exitStatus ?? 255)
        case .disconnected, .signalled:
            end(session)
            if case .signalled(let number) = outcome { return .signalled(number) }
            return .disconnected
        }
    }

    /// What runs there must not go on alone; the user is gone either way, so a failure is not theirs to mend.
    private func end(_ session: OpenSession) {
        do { try relay?.terminate(session.id) } catch { trace.step("the session could not be ended: \(error.message)") }
    }

    package enum RunOutcome: Equatable, Sendable {
        case exited(Int32)
        case disconnected
        case signalled(Int32)
    }

    private func outcome(_ outcome: Bridge.Outcome, _ instance: Instance) throws -> RunOutcome {
        switch outcome {
        case .disconnected: return .disconnected
        case .signalled(let number): return .signalled(number)
        case .ended(let ending):
            guard let status = ending.exitStatus else {
                throw LatchkeyError(
                    .connectionLost,
                    "'\(instance.displayName)' closed the connection without saying how the command ended",
                    hint: "it may have been shut down or its sshd restarted"
                )
            }
            if case .signalled(let name) = ending { trace.step("the command died by the signal \(name)") }
            return .exited(status)
        }
    }

    static func failure(_ error: SSHError, _ instance: Instance, _ user: String?) -> LatchkeyError {
        switch error {
        case .requestRefused(let what):
            LatchkeyError(
                .requestRefused,
                "'\(instance.displayName)' refused \(what)" + (user.map { " to '\($0.terminalSafe)'" } ?? ""),
                hint: "its sshd forbids it for this user or key; its log says why"
            )
        case .disconnected(let message), .system(let message), .unreachable(let message), .handshakeFailed(let message),
            .unknownHost(let message):
            LatchkeyError(
                .connectionLost,
                "the connection to '\(instance.displayName)' was cut",
                hint: "what ran there may have ended with it",
                cause: message
            )
        case .timedOut:
            LatchkeyError(
                .connectionLost,
                "'\(instance.displayName)' stopped answering",
                hint: "it, or the network between, is very busy or went away; try again"
            )
        case .denied, .notSigned, .closedAtStart, .identificationTooLong:
            LatchkeyError(.connectionLost, "the connection to '\(instance.displayName)' was cut")
        }
    }
}

extension Broker.Run {
    /// Whether there is a terminal there, its size, and the variables that go with it.
    var shape: Broker.Shape {
        let input = Terminal(descriptor: 0)
        let wantsTerminal =
            switch terminal {
            case .automatic: command.isEmpty && input != nil
            case .always: true
            case .never: false
            }
        guard wantsTerminal else { return Broker.Shape() }
        let size = (input ?? Terminal(descriptor: 1) ?? Terminal(descriptor: 2))?.size ?? .fallback
        // What ssh on Debian sends, so that UTF-8 is understood at both ends.
        let variables = ["LANG", "LC_ALL", "LC_CTYPE"].compactMap { name in Environment.value(name).map { (name, $0) } }
        return Broker.Shape(
            terminal: Connection.PseudoTerminal(type: Environment.value("TERM") ?? "dumb", size: size),
            environment: variables
        )
    }

    var bridgeOptions: Bridge.Options {
        var options = Bridge.Options()
        options.terminal = shape.terminal == nil ? nil : Terminal(descriptor: 0)
        options.forwardsInput = forwardsInput
        options.probeInterval = probeInterval
        return options
    }
}
