// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
package import LatchkeyModel
package import LatchkeyRelay
package import LatchkeySessionProtocol
package import LatchkeyStore
package import LatchkeySystem
package import Logging
internal import NIOCore
internal import Synchronization

/// Brings commands to agents when it is their turn, and what agents say of them into the store. What is in the store is all that
/// there is, so that a server which starts again goes on.
package final class CommandDispatcher: JobReceiver {
    private let store: any ServerStore
    private let relay: Relay
    private let agents: any AgentDirectory
    private let pool: BlockingPool
    private let log: Logger
    /// The instances whose agents may have to be told something when they come. All of them may come at once, as after a restart, and
    /// most have nothing to hear.
    private let waiting: Mutex<Set<Instance.ID>>

    /// - Throws: what reading the store throws.
    package init(
        store: any ServerStore,
        relay: Relay,
        agents: any AgentDirectory,
        pool: BlockingPool,
        log: Logger
    ) throws {
        (self.store, self.relay, self.agents, self.pool, self.log) = (store, relay, agents, pool, log)
        waiting = Mutex(try store.instancesWithWaitingCommands(at: Date()))
    }

    /// Writes a command down, and tells those agents whose turn it is.
    func send(_ command: CommandRecord, to instanceIDs: [Instance.ID]) async throws {
        let store = store
        try await pool.write { try store.add(command, on: instanceIDs) }
        waiting.withLock { $0.formUnion(instanceIDs) }
        // It is written down: whatever fails now is tried again.
        do { try await dispatch(command) } catch {
            log.error("a command could not be sent yet", metadata: ["command": "\(command.id)", "error": "\(error)"])
        }
    }

    /// Milliseconds between two checks whether an instance's turn has come because of the time alone.
    private static let interval: Int64 = 5000

    /// - Returns: what looks, until it is stopped.
    package func start() throws -> Ticker {
        try Ticker(every: CommandDispatcher.interval) { [self] in
            attempt("waiting commands could not be looked for", "all") { [self, store] in
                for id in try await pool.run({ try store.pendingCommands(at: Date()) }) {
                    guard let command = try await pool.run({ try store.command(id) }) else { continue }
                    try await dispatch(command)
                }
            }
        }
    }

    /// Tells those agents of a command whose turn it is.
    ///
    /// - Parameter returned: an instance whose agent has just come.
    private func dispatch(_ command: CommandRecord, returned: Instance.ID? = nil) async throws {
        let store = store
        let script = try RunShellScript(command.documentName, command.parameters)
        let connected = try await agents.connected().get()
        let turn = try await pool.write {
            try store.takeTurn(of: command, among: connected, returned: returned, timeout: script.timeout, at: Date())
        }
        let task = CommandTask(
            commandID: command.id,
            documentName: command.documentName,
            parameters: script.parameters
        )
        let content = String(decoding: Payload.encode(task), as: UTF8.self)
        for id in turn {
            relay.send(
                JobEnvelope(
                    jobID: JobEnvelope.id(ofCommand: command.id, on: id),
                    topic: JobEnvelope.sendTopic,
                    content: content
                ),
                to: id
            )
        }
    }

    /// Tells agents to end a command.
    func cancel(_ commandID: CommandRecord.ID, on instanceIDs: [Instance.ID]) {
        waiting.withLock { $0.formUnion(instanceIDs) }
        for id in instanceIDs {
            let content = CommandCancellation(jobID: JobEnvelope.id(ofCommand: commandID, on: id))
            relay.send(
                JobEnvelope(
                    jobID: JobEnvelope.id(ofCommand: Random.uuid(), on: id),
                    topic: JobEnvelope.cancelTopic,
                    content: String(decoding: Payload.encode(content), as: UTF8.self)
                ),
                to: id
            )
        }
    }

    // MARK: What agents say

    package func agentCame(_ instanceID: Instance.ID) {
        guard waiting.withLock({ $0.contains(instanceID) }) else { return }
        attempt("waiting commands could not be sent", instanceID) { [self, store] in
            let (ids, cancelled) = try await pool.run {
                let now = Date()
                return (
                    try store.waitingCommands(of: instanceID, at: now),
                    try store.cancelledCommands(of: instanceID, at: now)
                )
            }
            for id in cancelled { cancel(id, on: [instanceID]) }
            for id in ids {
                guard let command = try await pool.run({ try store.command(id) }) else { continue }
                try await dispatch(command, returned: instanceID)
            }
        }
    }

    package func acknowledged(_ content: JobAcknowledgeContent, by instanceID: Instance.ID) {
        guard let commandID = JobEnvelope.commandID(content.jobID) else { return }
        // Its own word for one that it has already.
        let isTaken = content.statusCode == JobAcknowledgeContent.taken || content.errorMessage == "DuplicateCommand"
        attempt("a command's begin could not be noted", instanceID) { [self] in
            let message = "the agent does not take it: \(content.statusCode) \(content.errorMessage)"
            let update: InvocationUpdate =
                isTaken
                ? .started
                : .ended(.failed, code: nil, output: "", error: message.cut(to: .commandOutput), started: nil)
            try await note(update, of: commandID, on: instanceID)
        }
    }

    /// - Parameter acknowledge: lets the agent forget its reply, once that is in the store.
    package func replied(
        _ content: JobReplyContent,
        by instanceID: Instance.ID,
        acknowledge: @escaping @Sendable () -> Void
    ) {
        guard let commandID = JobEnvelope.commandID(content.jobID),
            content.jobID == JobEnvelope.id(ofCommand: commandID, on: instanceID),
            let reply = Payload.decode(CommandReply.self, Array(content.content.utf8))
        else { return acknowledge() }
        attempt("what became of a command could not be noted", instanceID) { [self] in
            try await note(CommandDispatcher.update(reply), of: commandID, on: instanceID)
            acknowledge()
        }
    }

    static func update(_ reply: CommandReply) -> InvocationUpdate {
        let step = reply.runtimeStatus?.values.first
        let status: CommandInvocation.Status
        switch CommandReply.Status(rawValue: reply.documentStatus) {
        case .inProgress: return .started
        case .success: status = .success
        case .timedOut: status = .timedOut
        case .cancelled: status = .cancelled
        // Whatever else it may say: it has ended, and not well.
        case .failed, nil: status = .failed
        }
        let trace = reply.documentTraceOutput ?? ""
        return .ended(
            status,
            code: step?.code,
            output: (step?.standardOutput ?? step?.output ?? "").cut(to: .commandOutput),
            error: (step?.standardError ?? trace).cut(to: .commandOutput),
            started: step.flatMap { try? Date($0.startDateTime, strategy: .iso8601) }
        )
    }

    private func note(_ update: InvocationUpdate, of commandID: CommandRecord.ID, on instanceID: Instance.ID)
        async throws
    {
        let store = store
        let command = try await pool.write { try store.note(update, of: commandID, on: instanceID, at: Date()) }
        // Another one's turn may have come.
        if let command { try await dispatch(command) }
    }

    private func attempt(
        _ failure: Logger.Message,
        _ instanceID: Instance.ID,
        _ body: @escaping @Sendable () async throws -> Void
    ) {
        Task { [log] in
            do { try await body() } catch {
                // An agent says it again; what is to be sent is, when it comes the next time.
                log.error(failure, metadata: ["instance": "\(instanceID)", "error": "\(error)"])
            }
        }
    }
}
