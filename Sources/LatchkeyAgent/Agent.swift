// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import LatchkeyTransport
internal import Synchronization

/// The agent: keeps a control channel to the relay for as long as it runs, and starts what comes over it.
package final class Agent: Sendable {
    package struct Options: Sendable {
        package var stateFolder: String
        /// Ranges of addresses that no port session leads to, besides the standard ones; nil for those alone.
        package var deniedAddresses: [String]?
        /// The user of sessions that name none.
        package var defaultUser: String?
        /// The only users that sessions may run as; empty for all but root. The default user need not be among them.
        package var allowedUsers: [String] = []

        package init(stateFolder: String) { self.stateFolder = stateFolder }
    }

    /// Milliseconds.
    private static let timeout = 30_000
    private static let reportInterval: Int64 = 5 * 60 * 1000
    private static let pingInterval: Int64 = 25_000
    private static let silenceLimit: Int64 = 70_000
    /// Between two attempts to reach the relay, at first and at most.
    private static let pauses = 250...15_000
    private static let sessionLimit = 1000

    /// So many ends are kept of which the relay takes no note.
    private static let endingLimit = 4000

    private struct Ending {
        let content: TaskCompleteContent
        /// Over the channel that stands.
        var isTold = false
    }

    private let relay: RelayAccess
    private let maker: SessionBackendFactory
    private let stateFolder: String
    /// Held for as long as this agent lives.
    private let lock: StateFolderLock
    /// Tells it from any other that has the same registration.
    private let process = Random.uuid()
    private let log: @Sendable (String) -> Void
    private let sessions = Mutex<[String: SessionControl]>([:])
    /// Threads of sessions; they go on for a moment after their session has ended.
    private let threads = Atomic(0)
    /// Milliseconds that an agent which is stopped has for its sessions and what they have started.
    private static let stopTimeout: Int64 = 5000
    private let isStopping = Atomic(false)
    /// Sessions that have ended, and how, until the relay says that it has heard.
    private let finished = Mutex<[Ending]>([])
    private let wake = WakeSignal()
    private let commands: CommandRunner

    /// - Parameter log: takes a line, safe for a terminal.
    /// - Throws: `configurationInvalid` if this machine is not registered, its state is another machine's, or another agent has it.
    package init(_ options: Options, log: @escaping @Sendable (String) -> Void) throws {
        let registration = try Registration.load(from: options.stateFolder)
        try registration.checkMachine(stateFolder: options.stateFolder)
        lock = try StateFolderLock(options.stateFolder)
        relay = RelayAccess(registration)
        let denied: DenyList
        do throws(PortTargetError) {
            denied =
                try options.deniedAddresses.map { texts throws(PortTargetError) in try DenyList(texts) } ?? .standard
        } catch {
            throw LatchkeyError(.configurationInvalid, error.description.terminalSafe)
        }
        let allowed = AllowedUsers(names: Set(options.allowedUsers), defaultUser: options.defaultUser)
        maker = SessionBackendFactory(
            stateFolder: options.stateFolder,
            denied: denied,
            defaultUser: options.defaultUser,
            allowedUsers: allowed
        )
        stateFolder = options.stateFolder
        commands = CommandRunner(
            stateFolder: options.stateFolder,
            isAllowed: allowed.includesOwnUser,
            wake: wake,
            log: log
        )
        self.log = log
    }

    /// The instance that this machine is.
    package var instanceID: String { relay.registration.instanceID }

    /// Serves for ever.
    package func run() -> Never {
        var pause = Agent.pauses.lowerBound
        while true {
            let start = SystemClock.milliseconds()
            do {
                try report()
                // Those that have ended but were not reported yet end by their own report, with its reason.
                let alive = sessions.withLock { Array($0.keys) } + finished.withLock { $0.map(\.content.taskID) }
                let channel = try relay.openControlChannel(
                    sessions: alive,
                    takesPushedKeys: HostFacts.takesPushedKeys(in: "/etc/ssh"),
                    process: process,
                    timeout: Agent.timeout
                )
                log("connected to \(relay.registration.address.httpOrigin) as \(instanceID)")
                try serve(channel)
            } catch {
                log("not connected to \(relay.registration.address.httpOrigin): \(Agent.message(error))")
            }
            // A relay that starts again is back within a second or two; one that stays away is not pressed.
            if SystemClock.milliseconds() - start > 30_000 { pause = Agent.pauses.lowerBound }
            usleep(UInt32(Int.random(in: pause / 2...pause)) * 1000)
            pause = min(pause * 2, Agent.pauses.upperBound)
        }
    }

    /// Ends all sessions and hangs up on what they have started, as when each is ended by itself, and tells their clients why.
    ///
    /// Call it when the process ends: nothing else ends a command that has no terminal. What a session has left in the
    /// background stays.
    package func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        for control in sessions.withLock({ Array($0.values) }) { control.cancel(because: Agent.stopReason) }
        let deadline = SystemClock.milliseconds() + Agent.stopTimeout
        while threads.load(ordering: .acquiring) > 0 || !Reaper.shared.isIdle, SystemClock.milliseconds() < deadline {
            usleep(20_000)
        }
    }

    private static let stopReason = "the agent was stopped, the session ended with it"

    private static func message(_ error: any Error) -> String {
        switch error {
        case RelayAccess.Failure.lost(let message): message
        case let error as TransportError: error.message
        case let error as ServiceFailure: error.message
        default: "\(error)".terminalSafe
        }
    }

    private func report() throws {
        let facts = HostFacts.gather(stateFolder: stateFolder)
        var information = UpdateInstanceInformation()
        information.instanceId = instanceID
        information.agentName = "latchkey-agent"
        information.agentStatus = "Active"
        information.agentVersion = Handshake.agentVersion
        information.computerName = facts.hostName
        information.iPAddress = facts.address
        information.platformName = facts.systemName
        information.platformType = "Linux"
        information.platformVersion = facts.systemVersion
        information.latchkeyHostKeys = facts.hostKeys.map(\.line)
        information.latchkeyAddresses = facts.addresses
        information.latchkeyPort = facts.sshPort
        information.latchkeyProcess = process
        do { _ = try relay.call(information) } catch let error as ServiceFailure {
            guard case .refused(_, let status, _) = error else { throw error }
            guard status >= 500 else {
                relay.forgetCredentials()
                throw error
            }
            // A relay that cannot write it down, for want of room, can have sessions all the same.
            log("the report was not taken: \(error.message)")
        }
    }

    // MARK: The control channel

    /// - Throws: when the channel is lost.
    private func serve(_ channel: WebSocketConnection) throws {
        // What went out over the channel before may have been lost with it.
        finished.withLock { endings in for index in endings.indices { endings[index].isTold = false } }
        commands.channelIsNew()
        var lastReport = SystemClock.milliseconds()
        var lastPing = lastReport
        var random = SystemRandomNumberGenerator()
        var waits = PollSet()
        while true {
            tellFinished(channel, &random)
            for message in commands.takeMessages() { channel.send(.binary, message) }
            try channel.flush()
            waits.removeAll()
            waits.add(channel.interest)
            let woken = waits.add(wake.interest)
            waits.wake(after: 5000)
            waits.wait()
            if waits.isReady(woken) { wake.clear() }
            var received: WebSocketConnection.Received
            repeat {
                received = try channel.receive()
                while let message = try channel.next({ _, bytes in Array(bytes) }) { handle(message) }
            } while received == .some
            guard received == .all else { throw TransportError.lost("the relay hung up") }
            let now = SystemClock.milliseconds()
            guard now - channel.lastHeard < Agent.silenceLimit else { throw TransportError.lost("the relay is silent") }
            if now - channel.lastHeard > Agent.pingInterval, now - lastPing > Agent.pingInterval {
                lastPing = now
                channel.send(.ping, Array("keepalive".utf8))
            }
            if now - lastReport > Agent.reportInterval {
                lastReport = now
                reportAside()
            }
        }
    }

    /// In a thread of its own, so that a slow answer holds up no session.
    private func reportAside() {
        let threads = Threads(1) { [self] in
            do { try report() } catch { log("the report was not taken: \(Agent.message(error))") }
        }
        threads?.detach()
    }

    private func tellFinished(_ channel: WebSocketConnection, _ random: inout SystemRandomNumberGenerator) {
        let contents = finished.withLock { endings in
            defer { for index in endings.indices { endings[index].isTold = true } }
            return endings.filter { !$0.isTold }.map(\.content)
        }
        for content in contents {
            let header = MessageHeader(type: .taskComplete, stamp: .make(&random))
            channel.send(.binary, header.message(Payload.encode(content)))
        }
    }

    private func handle(_ message: [UInt8]) {
        guard let header = try? message.withUnsafeBytes({ bytes in try MessageHeader(of: bytes) }) else {
            return log("a message of the relay is not understood")
        }
        let payload = message.dropFirst(MessageHeader.size)
        switch header.type {
        case .startSession:
            guard let envelope = Payload.decode(TaskEnvelope.self, payload) else {
                return log("a task of the relay is not understood")
            }
            start(envelope)
        case .job:
            guard let envelope = Payload.decode(JobEnvelope.self, payload) else {
                return log("a job of the relay is not understood")
            }
            commands.take(header, envelope)
        case .jobReplyAcknowledge:
            guard let content = Payload.decode(JobReplyAcknowledgeContent.self, payload) else { return }
            commands.acknowledged(content)
        case .channelClosed:
            guard let content = Payload.decode(ChannelClosedContent.self, payload) else { return }
            sessions.withLock { $0[content.sessionID] }?.cancel()
        case .taskAcknowledge:
            guard let content = Payload.decode(TaskAcknowledgeContent.self, payload) else { return }
            finished.withLock { endings in endings.removeAll { $0.content.taskID == content.taskID } }
        default: break
        }
    }

    // MARK: Sessions

    private func start(_ envelope: TaskEnvelope) {
        guard let task = Payload.decode(SessionTask.self, Array(envelope.content.utf8)),
            let type = SessionType(rawValue: task.document.sessionType)
        else {
            return finish(envelope.taskID, "the agent does not know this kind of session")
        }
        let control = SessionControl()
        let refusal: String? = sessions.withLock { sessions in
            // The same task may come twice; the first one has begun already.
            guard sessions[task.sessionID] == nil else { return "" }
            guard !isStopping.load(ordering: .sequentiallyConsistent) else { return Agent.stopReason }
            guard sessions.count < Agent.sessionLimit else {
                return "the agent has \(Agent.sessionLimit) sessions already"
            }
            sessions[task.sessionID] = control
            return nil
        }
        guard refusal == nil else {
            if let refusal, !refusal.isEmpty { finish(task.sessionID, refusal) }
            return
        }
        log("session \(task.sessionID.terminalSafe) for \(task.sessionOwner.terminalSafe)")
        threads.add(1, ordering: .acquiringAndReleasing)
        let thread = Threads(1) { [self] in
            serve(task, type, control)
            threads.subtract(1, ordering: .acquiringAndReleasing)
        }
        guard let thread else {
            threads.subtract(1, ordering: .acquiringAndReleasing)
            _ = sessions.withLock { $0.removeValue(forKey: task.sessionID) }
            return finish(task.sessionID, "the agent's machine has no thread left")
        }
        thread.detach()
    }

    private func serve(_ task: SessionTask, _ type: SessionType, _ control: SessionControl) {
        let (maker, relay) = (maker, relay)
        var session = AgentSession(
            task,
            type,
            control: control,
            dial: { id, timeout throws(RelayAccess.Failure) in try relay.openDataChannel(id, timeout: timeout) },
            makeEnd: { task, type throws(SessionBackendFailure) in try maker.make(task, type) }
        )
        let failure = session.run()
        log("session \(task.sessionID.terminalSafe) ended" + (failure.isEmpty ? "" : ": \(failure.terminalSafe)"))
        finish(task.sessionID, failure)
        // Not before: a session that is neither alive nor at its end is one that was lost.
        _ = sessions.withLock { $0.removeValue(forKey: task.sessionID) }
        if !failure.isEmpty { session.leave() }
    }

    /// - Parameter failure: empty if it ended as sessions do.
    private func finish(_ sessionID: String, _ failure: String) {
        let content = TaskCompleteContent(
            taskID: sessionID,
            finalStatus: failure.isEmpty ? "Success" : "Failed",
            instanceID: instanceID,
            output: failure
        )
        finished.withLock { endings in
            endings.append(Ending(content: content))
            endings.removeFirst(max(0, endings.count - Agent.endingLimit))
        }
        wake.raise()
    }
}

extension Agent {
    /// Registers this machine with an activation, once; its key and registration are in the state folder afterwards.
    ///
    /// - Parameters:
    ///   - endpoint: for example `https://relay.example:8443`.
    ///   - allowsCleartext: whether it may be one beyond this machine that begins with `http://`.
    ///   - authorities: a file of PEM certificates to trust, of which a copy is kept; nil for the system's.
    ///   - replaces: whether an older registration gives way.
    /// - Returns: the instance's id.
    /// - Throws: `configurationInvalid` if the machine is registered already, and what the server says.
    package static func register(
        endpoint: String,
        allowsCleartext: Bool,
        authorities: String?,
        region: String,
        activationID: String,
        activationCode: String,
        stateFolder: String,
        replaces: Bool
    ) throws -> String {
        try StateFile.makeFolder(stateFolder)
        guard replaces || !Registration.exists(in: stateFolder) else {
            let known = try Registration.load(from: stateFolder)
            throw LatchkeyError(
                .configurationInvalid,
                "this machine is registered already, as \(known.instanceID)",
                hint: "--force registers it anew, as another instance"
            )
        }
        return
            try Registration.make(
                endpoint: endpoint,
                allowsCleartext: allowsCleartext,
                authorities: authorities,
                region: region,
                activationID: activationID,
                activationCode: activationCode,
                fingerprint: HostFacts.gather(stateFolder: stateFolder).fingerprint,
                folder: stateFolder
            )
            .instanceID
    }
}
