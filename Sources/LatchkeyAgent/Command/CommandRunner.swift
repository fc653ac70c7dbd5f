// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeySystem
internal import Synchronization

/// The scripts that the relay has this agent run, each in a thread of its own, as the agent's own user. What it says of one is
/// kept until the relay has it.
final class CommandRunner: Sendable {
    /// So many scripts at once; a few more wait.
    private static let runLimit = 100
    /// So many ids are remembered, since the same job may come twice.
    private static let memory = 2000
    /// Milliseconds after which a reply of which the relay takes no note is told again: it may not have been able to keep it.
    private static let repeatTime: Int64 = 20_000
    /// Of each stream.
    private static let outputLimit = TextLimit.commandOutput.scalars
    /// The most bytes of a reply as JSON, which within a message is text in JSON once more: a control character has seven there.
    private static let replyLimit = 100 * 1024
    /// Milliseconds for which output still arrives after a script's end, from what it left in the background.
    private static let drainTime: Int64 = 1000

    private struct Reply {
        let id: MessageID
        let content: JobReplyContent
        /// When it was told over the channel that stands, on ``SystemClock``; nil if it was not.
        var told: Int64?
    }

    private struct State {
        /// By command; each ends its script when it is raised.
        var running: [String: WakeSignal] = [:]
        var known: [String] = []
        var replies: [Reply] = []
        var acknowledgements: [JobAcknowledgeContent] = []
        var random = SystemRandomNumberGenerator()
    }

    private let folder: String
    private let isAllowed: Bool
    private let wake: WakeSignal
    private let log: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - isAllowed: whether commands may run at all.
    ///   - wake: raised when there is something to send.
    ///   - log: takes a line, safe for a terminal.
    init(stateFolder: String, isAllowed: Bool, wake: WakeSignal, log: @escaping @Sendable (String) -> Void) {
        folder = "\(stateFolder)/commands"
        self.isAllowed = isAllowed
        self.wake = wake
        self.log = log
    }

    // MARK: What comes

    func take(_ header: MessageHeader, _ envelope: JobEnvelope) {
        state.withLock { state in
            state.acknowledgements.append(
                JobAcknowledgeContent(
                    jobID: envelope.jobID,
                    messageID: header.id.description,
                    created: Date().formatted(.iso8601)
                )
            )
        }
        wake.raise()
        let content = Array(envelope.content.utf8)
        if envelope.topic.hasPrefix(JobEnvelope.cancelTopic) {
            guard let cancellation = Payload.decode(CommandCancellation.self, content),
                let commandID = JobEnvelope.commandID(cancellation.jobID)
            else { return }
            state.withLock { $0.running[commandID] }?.raise()
            return
        }
        guard let task = Payload.decode(CommandTask.self, content), let id = JobEnvelope.commandID(envelope.jobID)
        else {
            return reply(envelope.jobID, .failed, error: "the agent does not understand the command")
        }
        guard isAllowed else {
            let user = LocalUser.current.name.terminalSafe
            let message = "the agent runs no commands as '\(user)' (latchkey-agent run --allow-user)"
            return reply(envelope.jobID, .failed, error: message)
        }
        start(task, id, envelope.jobID)
    }

    func acknowledged(_ content: JobReplyAcknowledgeContent) {
        state.withLock { state in state.replies.removeAll { $0.id.description == content.messageID } }
    }

    // MARK: What goes

    /// What was told over another channel may have been lost with it.
    func channelIsNew() {
        state.withLock { state in for index in state.replies.indices { state.replies[index].told = nil } }
    }

    /// The messages that are to be sent now.
    func takeMessages() -> [[UInt8]] {
        state.withLock { state in
            var messages: [[UInt8]] = []
            for content in state.acknowledgements {
                let header = MessageHeader(type: .jobAcknowledge, stamp: .make(&state.random))
                messages.append(header.message(Payload.encode(content)))
            }
            state.acknowledgements = []
            let now = SystemClock.milliseconds()
            for index in state.replies.indices
            where state.replies[index].told.map({ now - $0 > CommandRunner.repeatTime }) ?? true {
                state.replies[index].told = now
                let stamp = MessageStamp(
                    id: state.replies[index].id,
                    created: UInt64(max(1, SystemClock.wallMilliseconds()))
                )
                let header = MessageHeader(type: .jobReply, stamp: stamp)
                messages.append(header.message(Payload.encode(state.replies[index].content)))
            }
            return messages
        }
    }

    private func reply(_ jobID: String, _ status: CommandReply.Status, error: String) {
        let now = Date().formatted(.iso8601)
        let step = CommandReply.Step(
            status: status,
            code: -1,
            standardOutput: "",
            standardError: error,
            started: now,
            ended: now
        )
        reply(jobID, CommandReply(status: status, step: step))
    }

    private func reply(_ jobID: String, _ reply: CommandReply) {
        let fitting = Payload.encode(reply.cut(to: CommandRunner.replyLimit))
        let content = JobReplyContent(jobID: jobID, content: String(decoding: fitting, as: UTF8.self))
        state.withLock { state in
            let id = MessageStamp.make(&state.random).id
            state.replies.append(Reply(id: id, content: content))
            state.replies.removeFirst(max(0, state.replies.count - CommandRunner.memory))
        }
        wake.raise()
    }

    // MARK: Scripts

    private func start(_ task: CommandTask, _ id: String, _ jobID: String) {
        let cancellation = WakeSignal()
        let isNew = state.withLock { state -> Bool? in
            guard !state.known.contains(id) else { return false }
            guard state.running.count < CommandRunner.runLimit else { return nil }
            state.known.append(id)
            state.known.removeFirst(max(0, state.known.count - CommandRunner.memory))
            state.running[id] = cancellation
            return true
        }
        guard let isNew else {
            return reply(jobID, .failed, error: "the agent runs \(CommandRunner.runLimit) commands already")
        }
        guard isNew else { return }
        log("command \(id.terminalSafe)")
        let threads = Threads(1) { [self] in
            reply(jobID, CommandReply(status: .inProgress))
            let result = run(task, id, cancellation)
            _ = state.withLock { $0.running.removeValue(forKey: id) }
            log("command \(id.terminalSafe) ended: \(result.documentStatus)")
            reply(jobID, result)
        }
        guard let threads else {
            _ = state.withLock { $0.running.removeValue(forKey: id) }
            return reply(jobID, .failed, error: "the agent's machine has no thread left")
        }
        threads.detach()
    }

    private func run(_ task: CommandTask, _ id: String, _ cancellation: WakeSignal) -> CommandReply {
        let started = Date()
        func result(_ status: CommandReply.Status, _ code: Int, _ output: [UInt8], _ error: [UInt8]) -> CommandReply {
            CommandReply(
                status: status,
                step: CommandReply.Step(
                    status: status,
                    code: code,
                    standardOutput: String(decoding: output, as: UTF8.self).cut(to: .commandOutput),
                    standardError: String(decoding: error, as: UTF8.self).cut(to: .commandOutput),
                    started: started.formatted(.iso8601),
                    ended: Date().formatted(.iso8601)
                )
            )
        }
        let seconds = Int64(task.parameters.executionTimeout) ?? 3600
        do {
            // A file, since arguments are for all of the machine to see.
            let path = "\(folder)/\(id)"
            try StateFile.makeFolder(folder)
            try StateFile.write(path, Array((task.parameters.commands.joined(separator: "\n") + "\n").utf8))
            defer { unlink(path) }
            var specification = ShellCommand.script(path, LocalUser.current)
            if !task.parameters.workingDirectory.isEmpty { specification.directory = task.parameters.workingDirectory }
            specification.drainTime = CommandRunner.drainTime
            var status = stat()
            guard stat(specification.directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                return result(.failed, -1, [], Array("there is no folder '\(specification.directory)'".utf8))
            }
            let outcome = try LocalProcess.run(
                specification,
                timeout: seconds * 1000,
                limit: 4 * CommandRunner.outputLimit,
                cancellation: cancellation.descriptor
            )
            switch outcome.ending {
            case .exited(0): return result(.success, 0, outcome.output, outcome.error)
            case .exited(let code): return result(.failed, Int(code), outcome.output, outcome.error)
            case .signalled(let number): return result(.failed, 128 + Int(number), outcome.output, outcome.error)
            case nil:
                // 137 is what the official agent says of both.
                let isLate = Date().timeIntervalSince(started) >= Double(seconds)
                return result(isLate ? .timedOut : .cancelled, 137, outcome.output, outcome.error)
            }
        } catch let error as LatchkeyError {
            return result(.failed, -1, [], Array(error.message.utf8))
        } catch {
            return result(.failed, -1, [], Array("\(error)".utf8))
        }
    }
}
