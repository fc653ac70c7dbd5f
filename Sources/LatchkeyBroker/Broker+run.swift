// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel
internal import LatchkeySSH
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

    /// Runs a shell or command and joins it to this process's input and outputs until it ends.
    ///
    /// - Returns: how the bridge came down; the connection is closed then.
    /// - Throws: `requestRefused`, `connectionLost`, and what ``Bridge/run(_:)`` throws.
    package func run(_ run: Run, over admission: consuming Admission, on instance: Instance) throws -> RunOutcome {
        let input = Terminal(descriptor: 0)
        let wantsTerminal =
            switch run.terminal {
            case .automatic: run.command.isEmpty && input != nil
            case .always: true
            case .never: false
            }
        var request = Connection.Request()
        request.command = RemoteCommand.line(run.command)
        if wantsTerminal {
            let size = (input ?? Terminal(descriptor: 1) ?? Terminal(descriptor: 2))?.size ?? .fallback
            request.terminal = Connection.PseudoTerminal(type: Environment.value("TERM") ?? "dumb", size: size)
            // What ssh on Debian sends, so that UTF-8 is understood at both ends.
            request.environment = ["LANG", "LC_ALL", "LC_CTYPE"]
                .compactMap { name in
                    Environment.value(name).map { (name, $0) }
                }
        }
        var options = Bridge.Options()
        options.terminal = wantsTerminal ? input : nil
        options.forwardsInput = run.forwardsInput
        options.probeInterval = run.probeInterval

        let user = admission.user
        do {
            var channel = try admission.takeConnection().start(request)
            trace.step(request.command == nil ? "shell started" : "command started")
            var bridge = try Bridge(options)
            return try outcome(try bridge.run(&channel), instance)
        } catch let error as SSHError {
            throw Broker.failure(error, instance, user)
        }
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
        case .disconnected(let words), .system(let words), .unreachable(let words), .handshakeFailed(let words),
            .unknownHost(let words):
            LatchkeyError(
                .connectionLost,
                "the connection to '\(instance.displayName)' was cut",
                hint: "what ran there may have ended with it",
                cause: words
            )
        case .timedOut:
            LatchkeyError(
                .connectionLost,
                "'\(instance.displayName)' stopped answering",
                hint: "it, or the network between, is very busy or went away; try again"
            )
        case .denied, .notSigned:
            LatchkeyError(.connectionLost, "the connection to '\(instance.displayName)' was cut")
        }
    }
}
