// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCommandLine
internal import LatchkeyCrypto
internal import LatchkeyHome
internal import LatchkeyModel
internal import LatchkeyRelayClient
internal import LatchkeyRemote
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTerminal
internal import LatchkeyTransport

/// A session that another program has started, as the Session Manager plugin serves it. Callers look for what it prints on
/// standard output, word by word.
struct PluginSession {
    /// What StartSession answered.
    struct Answer: Decodable, Equatable {
        var sessionID: String
        var token: String
        var streamURL: String

        private enum CodingKeys: String, CodingKey {
            case sessionID = "sessionid"
            case token = "tokenvalue"
            case streamURL = "streamurl"
        }
    }

    /// What StartSession was asked for, as far as that matters here.
    struct Document: Decodable, Equatable {
        var name: String?
        var parameters: [String: [String]]?

        private enum CodingKeys: String, CodingKey {
            case name = "documentname"
            case parameters
        }

        /// Whether its output says how a command ended.
        var showsExitCode: Bool {
            let value = parameters?.first { $0.key.lowercased() == "separateoutputstream" }?.value.first
            return value?.lowercased() == "true"
        }

        /// Whether standard output is a protocol's, in which a word of this program's has no place.
        var isSilent: Bool { name == "AWS-StartSSHSession" }
    }

    struct Request: Equatable {
        var answer: Answer
        var region: String
        var profile: String?
        var document: Document
        var endpoint: String?
    }

    /// What a terminal that has no size is taken for, as the official plugin has it: callers read long lines.
    private static let defaultSize = TerminalSize(columns: 300, rows: 100)
    /// Milliseconds to connect, to hear of the agent, and to hear that a session is over.
    private static let (dialTime, greetingTime, endTime) = (45_000, Int64(60_000), Int64(2000))

    let request: Request
    let home: Home

    private var id: String { request.answer.sessionID.terminalSafe }

    /// Serves it until it ends.
    ///
    /// - Returns: the command's own status; 0 for shells and ports.
    /// - Throws: what stands in its way.
    func run() throws -> Int32 {
        if !request.document.isSilent { try say("\nStarting session with SessionId: \(id)\n") }
        let (service, trouble) = try service()
        let process: RelayProcess
        do throws(TransportError) { process = try connect(service) } catch {
            throw LatchkeyError(
                .relayUnreachable,
                "the session's data channel cannot be opened: \(error.message)",
                hint: trouble ?? PluginSession.hint(for: error)
            )
        }
        return try serve(process)
    }

    private static func hint(for error: TransportError) -> String? {
        if case .cleartext = error {
            return "behind a proxy that ends TLS, latchkeyd run takes --public-url https://HOST"
        }
        return "sessions of AWS need the permission ssmmessages:OpenDataChannel"
    }

    /// The service that resumes the session, asked as the user that the caller names. Without credentials it is still tried:
    /// a token opens the data channel where the relay asks for no signature.
    ///
    /// - Returns: and why there are no credentials.
    private func service() throws -> (ServiceClient, trouble: String?) {
        // The caller has used it already, whichever scheme it has.
        let choice = RemoteSelection(
            profile: request.profile,
            region: request.region,
            endpointURL: request.endpoint,
            allowsCleartext: true,
            source: request.profile == Environment.value("AWS_PROFILE") ? .variable("AWS_PROFILE") : .option
        )
        let settings = try RemoteSettings(choice)
        let chain = CredentialChain(settings, cacheFolder: home.folders.cache, askCode: nil)
        let service = try RemoteService(settings, CachingCredentialProvider(chain))
        do {
            try service.signIn()
            return (service.sessions, nil)
        } catch let error as LatchkeyError {
            let endpoint = service.sessions.endpoint
            let unsigned = ServiceEndpoint(
                address: endpoint.address,
                trust: endpoint.trust,
                region: endpoint.region,
                credentials: nil
            )
            return (ServiceClient(unsigned), error.message)
        }
    }

    private func connect(_ service: ServiceClient) throws(TransportError) -> RelayProcess {
        let access = try RelaySessionAccess(
            sessionID: request.answer.sessionID,
            streamURL: request.answer.streamURL,
            service: service,
            clientID: Random.uuid()
        )
        let connection = try access.connect(timeout: PluginSession.dialTime)
        let size = (Terminal(descriptor: STDOUT_FILENO) ?? Terminal(descriptor: STDIN_FILENO))?.size
        var process = RelayProcess(
            access,
            over: connection,
            token: request.answer.token,
            size: size ?? PluginSession.defaultSize
        )
        process.joinsOutputs = true
        process.showsExitCode = request.document.showsExitCode
        return process
    }

    private func serve(_ process: consuming RelayProcess) throws -> Int32 {
        // Nothing listens for them yet, and the aws CLI starts programs with its keys' signals ignored.
        for key in [SIGINT, SIGQUIT] { signal(key, SIG_DFL) }
        guard try process.isGreeted(before: SystemClock.milliseconds() + PluginSession.greetingTime) else {
            end(&process)
            throw LatchkeyError(
                .agentNotConnected,
                "the instance's agent has said nothing for \(PluginSession.greetingTime / 1000) s",
                hint: "is it still connected? aws ssm get-connection-status tells"
            )
        }
        if !process.customerMessage.isEmpty { try say("\(process.customerMessage.terminalSafe)\n") }
        switch (process.sessionType, process.properties?.type) {
        case (.port, "LocalPortForwarding"):
            let listener: LocalListener
            do throws(LatchkeyError) { listener = try self.listener(for: process) } catch {
                // No client will use it.
                end(&process)
                throw error
            }
            return try forward(process, from: listener)
        case (.port, _): return try join(&process, terminal: nil)
        case (.command, _): return try join(&process, terminal: nil)
        case (.shell, _), (.interactiveCommand, _):
            return try join(&process, terminal: Terminal(descriptor: STDIN_FILENO))
        }
    }

    // MARK: Standard streams

    private func join(_ process: inout RelayProcess, terminal: Terminal?) throws -> Int32 {
        var options = Bridge.Options()
        options.terminal = terminal
        let outcome: Bridge.Outcome
        do {
            var bridge = try Bridge(options)
            outcome = try bridge.run(&process)
        } catch {
            end(&process)
            throw error
        }
        switch outcome {
        case .ended(let ending):
            try sayGoodbye(process.reason)
            guard process.reason == nil else { return 255 }
            return process.sessionType == .command || process.sessionType == .interactiveCommand
                ? ending.exitStatus ?? 255 : 0
        case .disconnected:
            end(&process)
            try sayGoodbye(nil)
            return 0
        case .signalled(let number):
            end(&process)
            try? sayGoodbye(nil)
            Signals.die(by: number)
        }
    }

    private func end(_ process: inout RelayProcess) {
        guard process.ending == nil else { return }
        // Without an answer, the relay finds out for itself.
        _ = process.terminate(before: SystemClock.milliseconds() + PluginSession.endTime)
    }

    // MARK: Ports

    private func forward(_ process: consuming RelayProcess, from listener: consuming LocalListener) throws -> Int32 {
        switch listener.place {
        case .port(let port): try say("Port \(port) opened for sessionId \(id).\nWaiting for connections...\n")
        case .socket(let path):
            try say("Unix socket \(path.terminalSafe) opened for sessionId \(id).\nWaiting for connections...\n")
        }
        var forward = try PortForward(process, listener)
        var hasAccepted = false
        let outcome = try forward.run { event in
            switch event {
            case .accepted:
                if !hasAccepted { try? say("\nConnection accepted for session [\(id)]\n") }
                hasAccepted = true
            case .connectionFailed:
                try? say("\nConnection to destination port failed, check SSM Agent logs.\n")
            case .notice(let message): Console.note("latchkey: \(message)")
            }
        }
        switch outcome {
        case .ended(let reason):
            try sayGoodbye(reason)
            return reason == nil ? 0 : 255
        case .signalled:
            try? say("Terminate signal received, exiting.\n")
            _ = forward.terminate(before: SystemClock.milliseconds() + PluginSession.endTime)
            try sayGoodbye(nil)
            return 0
        }
    }

    private func listener(for process: borrowing RelayProcess) throws(LatchkeyError) -> LocalListener {
        if process.agentIsOfficial, let version = AgentVersion(process.agentVersion), version <= .lastWithoutStreams {
            throw LatchkeyError(
                .requestRefused,
                "the instance's agent, \(process.agentVersion.terminalSafe), is too old to forward ports to here",
                hint: "newer ones than 3.0.196.0 do"
            )
        }
        let properties = process.properties
        if properties?.localConnectionType == "unix" {
            return try LocalListener(path: properties?.localUnixSocket ?? "")
        }
        let text = properties?.localPortNumber ?? ""
        guard let port = text.isEmpty ? 0 : UInt16(text) else {
            throw LatchkeyError(
                .usage,
                "'\(text.terminalSafe)' is not a port",
                hint: "localPortNumber is a number up to 65535, or nothing for one that is free"
            )
        }
        return try LocalListener(port: port)
    }

    // MARK: Words

    private func sayGoodbye(_ reason: String?) throws {
        guard !request.document.isSilent else {
            if let reason { Console.note("latchkey: the session ended: \(reason)") }
            return
        }
        try say(reason.map { "\n\nSessionId: \(id) : \($0)\n\n" } ?? "\n\nExiting session with sessionId: \(id).\n\n")
    }

    private func say(_ message: String) throws { try Output.write(message) }
}
