// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import LatchkeyAPI
internal import LatchkeyCrypto
package import LatchkeyModel
package import LatchkeyRelayClient
internal import LatchkeySessionProtocol
internal import LatchkeySystem
package import LatchkeyTerminal
internal import LatchkeyTransport
internal import Synchronization

/// The roads that lead through the relay.
package struct RelayClient: Sendable {
    /// The service that opens sessions.
    package let service: ServiceClient
    /// Milliseconds for each question to the service.
    static let timeout = 10_000
    /// For the question whether there is an agent at all.
    private static let presenceTimeout = 3000

    /// Which documents the service knows.
    let documents: Documents
    let tunnels = Tunnels()

    /// The one that lets keys in for a minute.
    private let instanceConnect: ServiceClient

    /// - Parameter instanceConnect: nil for the same server.
    package init(
        _ service: ServiceClient,
        instanceConnect: ServiceClient? = nil,
        documents: Documents = .latchkey
    ) {
        self.service = service
        self.instanceConnect = instanceConnect ?? service
        self.documents = documents
    }

    /// What the service says of an instance's agent; nil if it does not answer, or knows nothing of it.
    package func status(of instance: Instance) -> GetConnectionStatus.Response? {
        try? service.call(GetConnectionStatus(target: instance.id), timeout: RelayClient.presenceTimeout)
    }

    func presence(of instance: Instance) -> AgentPresence {
        do throws(ServiceFailure) {
            let answer = try service.call(
                GetConnectionStatus(target: instance.id),
                timeout: RelayClient.presenceTimeout
            )
            guard answer.status == "connected" else { return .absent }
            return .connected(takesPushedKeys: answer.latchkeyPushedKeys)
        } catch {
            return .unknown(error.message)
        }
    }

    /// Lets a key in for a user of the instance, for 60 seconds.
    ///
    /// - Parameter timeout: milliseconds.
    /// - Throws: `requestRefused`, whatever the reason.
    func push(_ key: PublicKey, to instance: Instance, user: String, timeout: Int) throws {
        do throws(ServiceFailure) {
            _ = try instanceConnect.call(
                SendSSHPublicKey(instanceID: instance.id, user: user, publicKey: key.line),
                timeout: timeout
            )
        } catch {
            let name = documents == .amazon ? "EC2 Instance Connect" : "the relay"
            throw LatchkeyError(.requestRefused, "a key cannot be pushed through \(name): \(error.message)")
        }
    }

    // MARK: Sessions

    /// A session that was just opened.
    struct Opened: ~Copyable {
        let process: RelayProcess
        let id: String

        consuming func takeProcess() -> RelayProcess { process }
    }

    /// Opens a session and its data channel.
    ///
    /// - Parameter deadline: for that, on ``SystemClock``; nil for the usual time for each step.
    /// - Throws: `agentNotConnected`, `relayUnreachable`, `requestRefused`.
    func open(
        _ instance: Instance,
        _ purpose: Purpose,
        size: TerminalSize?,
        until deadline: Int64? = nil
    ) throws -> Opened {
        let answer: StartSession.Response
        do throws(ServiceFailure) {
            answer = try start(instance, purpose.document(documents), until: deadline)
        } catch .refused("InvalidDocument", _, _) where documents == .latchkey {
            // A server other than Latchkey's, or AWS under another name.
            do throws(ServiceFailure) { answer = try start(instance, purpose.document(.amazon), until: deadline) } catch
            {
                throw failure(error, instance)
            }
        } catch {
            throw failure(error, instance)
        }
        do {
            return Opened(process: try join(answer, size: size, until: deadline), id: answer.sessionId)
        } catch {
            // No client will use it.
            try? terminate(answer.sessionId)
            throw error
        }
    }

    private func start(
        _ instance: Instance,
        _ document: Document,
        until deadline: Int64?
    ) throws(ServiceFailure) -> StartSession.Response {
        try service.call(
            StartSession(
                target: instance.id,
                documentName: document.name,
                parameters: document.parameters.isEmpty ? nil : document.parameters
            ),
            timeout: RelayClient.timeout(until: deadline)
        )
    }

    private static func timeout(until deadline: Int64?) -> Int {
        guard let deadline else { return timeout }
        return Int(max(1, min(Int64(timeout), deadline - SystemClock.milliseconds())))
    }

    /// Takes over a session that runs.
    ///
    /// - Throws: `sessionNotFound` if it is over, `relayUnreachable`.
    package func attach(_ sessionID: String, size: TerminalSize?) throws -> RelayProcess {
        let answer: ResumeSession.Response
        do throws(ServiceFailure) {
            answer = try service.call(ResumeSession(sessionId: sessionID), timeout: RelayClient.timeout)
        } catch {
            if case .refused("DoesNotExistException", _, _) = error { throw LatchkeyError.sessionNotFound(sessionID) }
            throw unreachable(error.message)
        }
        guard answer.tokenValue != nil else { throw LatchkeyError.sessionNotFound(sessionID) }
        return try join(answer, size: size)
    }

    private func join(
        _ answer: StartSession.Response,
        size: TerminalSize?,
        until deadline: Int64? = nil
    ) throws -> RelayProcess {
        guard let token = answer.tokenValue, let url = answer.streamUrl else {
            throw unreachable("it gave no address for the session")
        }
        do throws(TransportError) {
            let access = try RelaySessionAccess(
                sessionID: answer.sessionId,
                streamURL: url,
                service: service,
                clientID: Random.uuid()
            )
            let connection = try access.connect(timeout: RelayClient.timeout(until: deadline))
            return RelayProcess(access, over: connection, token: token, size: size)
        } catch .cleartext(let endpoint) {
            throw LatchkeyError(
                .relayUnreachable,
                "the relay cannot be used: it sends the session to '\(endpoint)', which is not encrypted",
                hint: "behind a proxy that ends TLS, latchkeyd run takes --public-url https://HOST"
            )
        } catch {
            throw unreachable(error.message)
        }
    }

    /// The sessions that run, all of them, or the last 200 that have ended, and how many cannot be read.
    package func sessions(
        isActive: Bool
    ) throws(ServiceFailure) -> (records: [DescribeSessions.Session], leftOut: Int) {
        var (found, leftOut): ([DescribeSessions.Session], Int) = ([], 0)
        var paging = Paging(DescribeSessions.operation)
        var goesOn = true
        while goesOn {
            let request = DescribeSessions(
                state: isActive ? "Active" : "History",
                maxResults: 200,
                nextToken: paging.token
            )
            let answer = try service.call(request, timeout: paging.timeLeft(RelayClient.timeout))
            found += answer.sessions.records
            leftOut += answer.sessions.leftOut
            goesOn = try paging.turn(to: answer.nextToken, keeping: answer.sessions.byteCount) && isActive
        }
        return (found, leftOut)
    }

    /// The one session that runs and has this id, or whose id begins so.
    ///
    /// - Throws: `sessionNotFound`, also if several begin so; `relayUnreachable`.
    func session(matching text: String) throws -> DescribeSessions.Session {
        let found: [DescribeSessions.Session]
        do throws(ServiceFailure) {
            found = try sessions(isActive: true).records.filter { $0.sessionId.hasPrefix(text) }
        } catch {
            throw unreachable(error.message)
        }
        if let exact = found.first(where: { $0.sessionId == text }) { return exact }
        guard found.count == 1 else {
            guard found.isEmpty else {
                throw LatchkeyError(
                    .sessionNotFound,
                    "'\(text.terminalSafe)' is the beginning of \(found.count) sessions",
                    hint: "use more of the id"
                )
            }
            throw LatchkeyError.sessionNotFound(text)
        }
        return found[0]
    }

    /// Ends the one session that has this id, or whose id begins so.
    ///
    /// - Throws: as ``session(matching:)``.
    package func terminate(matching text: String) throws {
        let session = try session(matching: text)
        do throws(ServiceFailure) { try terminate(session.sessionId) } catch {
            throw unreachable(error.message)
        }
    }

    /// Ends a session, if the service can be reached.
    func terminate(_ sessionID: String) throws(ServiceFailure) {
        _ = try service.call(TerminateSession(sessionId: sessionID), timeout: RelayClient.presenceTimeout)
    }

    /// - Parameter words: why.
    package func unreachable(_ message: String) -> LatchkeyError {
        guard documents == .amazon else { return .relayUnreachable(message) }
        return LatchkeyError(
            .relayUnreachable,
            "Session Manager cannot be used: \(message)",
            hint: "check the network, the region, and that the profile may use ssm:StartSession"
        )
    }

    private func failure(_ failure: ServiceFailure, _ instance: Instance) -> LatchkeyError {
        switch failure {
        case .refused("TargetNotConnected", _, _):
            LatchkeyError(
                .agentNotConnected,
                "the agent of '\(instance.displayName)' is not connected to the relay",
                hint: documents == .amazon
                    ? "is the SSM agent running there, and may the instance's role use it (AmazonSSMManagedInstanceCore)?"
                    : "is latchkey-agent installed, registered and running there?"
            )
        case .refused(_, let status, let message) where status < 500:
            LatchkeyError(.requestRefused, "the relay refused the session: \(message)")
        default: unreachable(failure.message)
        }
    }
}

extension LatchkeyError {
    package static func noRelay() -> LatchkeyError {
        LatchkeyError(
            .relayUnreachable,
            "no relay is known here",
            hint: "latchkeyd init && latchkeyd run makes this machine one"
        )
    }

    package static func relayUnreachable(_ message: String) -> LatchkeyError {
        LatchkeyError(
            .relayUnreachable,
            "the relay cannot be used: \(message)",
            hint: message.contains("not yet valid")
                ? "is this machine's clock right?" : "does latchkeyd run? latchkey doctor tells more"
        )
    }

    static func sessionNotFound(_ id: String) -> LatchkeyError {
        LatchkeyError(
            .sessionNotFound,
            "no session '\(id.terminalSafe)' is running",
            hint: "latchkey session list shows the ones there are"
        )
    }
}
