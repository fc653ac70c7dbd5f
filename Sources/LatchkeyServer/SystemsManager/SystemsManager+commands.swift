// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyControl
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeyRelay

/// Run Command: a script on instances, with its output and status.
extension SystemsManager {
    private static let instanceLimit = 50
    private static let targetLimit = 5
    /// How many instances targets may stand for.
    private static let reachLimit = 1000
    /// Seconds within which an agent has to take a command.
    private static let deliveryTimeouts = 30...2_592_000

    func sendCommand(_ request: SendCommand, as caller: Principal) async throws -> SendCommand.Response {
        guard case .user = caller else { throw ServiceError.denied("agents send no commands") }
        let parameters = request.parameters ?? [:]
        _ = try ServiceDocument.named(request.documentName, version: request.documentVersion)
        _ = try RunShellScript(request.documentName, parameters)
        guard request.outputS3BucketName?.isEmpty ?? true else {
            throw ServiceError.invalid("output is not written to S3 here; GetCommandInvocation tells it")
        }
        if let comment = request.comment, !comment.fits(.commandComment) {
            throw ServiceError.invalid("'comment' is longer than \(TextLimit.commandComment.scalars) characters")
        }
        let timeout = request.timeoutSeconds ?? 3600
        guard SystemsManager.deliveryTimeouts.contains(timeout) else {
            throw ServiceError.invalid("'timeoutSeconds' must be 30 to 2592000")
        }
        let command = CommandRecord(
            id: Random.uuid(),
            documentName: RunShellScript.document,
            comment: request.comment,
            parameters: parameters,
            instanceIDs: request.instanceIds ?? [],
            targets: (request.targets ?? []).map { CommandTarget(key: $0.key, values: $0.values) },
            requested: Date(),
            deliveryTimeout: timeout,
            maxConcurrency: try SystemsManager.share(request.maxConcurrency ?? "50", "maxConcurrency", least: 1),
            maxErrors: try SystemsManager.share(request.maxErrors ?? "0", "maxErrors", least: 0),
            owner: caller.arn
        )
        let instances = try await addressees(of: command)
        try await commands.send(command, to: instances)
        return SendCommand.Response(command: try await shape(of: command.id))
    }

    /// A number, or one with a percent sign up to 100.
    private static func share(_ text: String, _ name: String, least: Int) throws(ServiceError) -> String {
        let isPart = text.hasSuffix("%")
        guard text.utf8.count <= 7, let number = Int(isPart ? text.dropLast() : text[...]), number >= least,
            !isPart || number <= 100
        else { throw .invalid("'\(name)' must be a number from \(least) on, or one up to 100 with a percent sign") }
        return text
    }

    /// - Throws: `InvalidInstanceId`, `InvalidTarget`, `ValidationException`.
    private func addressees(of command: CommandRecord) async throws -> [Instance.ID] {
        let (ids, targets) = (command.instanceIDs, command.targets)
        guard ids.isEmpty != targets.isEmpty else {
            throw ServiceError.invalid("either 'instanceIds' or 'targets' must be given")
        }
        guard ids.count <= SystemsManager.instanceLimit, targets.count <= SystemsManager.targetLimit,
            targets.allSatisfy({ (1...SystemsManager.instanceLimit).contains($0.values.count) })
        else {
            throw ServiceError.invalid(
                "there may be \(SystemsManager.instanceLimit) instances, or \(SystemsManager.targetLimit) targets of "
                    + "\(SystemsManager.instanceLimit) values each"
            )
        }
        guard Set(ids).count == ids.count else {
            throw ServiceError(code: "DuplicateInstanceId", message: "an instance is named twice")
        }
        guard ids.isEmpty else {
            let known = try await pool.run { try store.managedInstanceIDs(among: ids) }
            if let stray = ids.first(where: { !known.contains($0) }) {
                throw ServiceError(
                    code: "InvalidInstanceId",
                    message: "the instance '\(stray.cut(to: .quotation))' has no agent that has registered itself"
                )
            }
            return ids
        }
        let limit = SystemsManager.reachLimit
        let found = try await pool.run { try store.managedInstanceIDs(fitting: targets, limit: limit + 1) }
        guard let found else {
            throw ServiceError(code: "InvalidTarget", message: "a target's key is InstanceIds or tag:KEY")
        }
        guard found.count <= limit else {
            throw ServiceError(code: "InvalidTarget", message: "the targets stand for more than \(limit) instances")
        }
        return found
    }

    func cancelCommand(_ request: CancelCommand) async throws -> EmptyResponse {
        let (id, instances) = (request.commandId, request.instanceIds.flatMap { $0.isEmpty ? nil : $0 })
        _ = try await shape(of: id)
        let told = try await pool.write { try store.cancel(id, on: instances, at: Date()) }
        commands.cancel(id, on: told)
        return EmptyResponse()
    }

    // MARK: What is told

    func listCommands(_ request: ListCommands) async throws -> ListCommands.Response {
        let filter = try SystemsManager.filter(request.commandId, request.instanceId, request.filters)
        let (limit, cursor) = (
            try SystemsManager.limit(request.maxResults), try SystemsManager.cursor(request.nextToken)
        )
        let page = try await pool.run { try store.commands(filter, limit: limit, after: cursor, at: Date()) }
        return ListCommands.Response(
            commands: page.elements.map { SystemsManager.shape($0.command, $0.invocations) },
            nextToken: page.next?.text
        )
    }

    func listCommandInvocations(
        _ request: ListCommandInvocations
    ) async throws -> ListCommandInvocations.Response {
        let filter = try SystemsManager.filter(request.commandId, request.instanceId, request.filters)
        let (limit, cursor) = (
            try SystemsManager.limit(request.maxResults), try SystemsManager.cursor(request.nextToken)
        )
        let (page, named) = try await pool.run {
            let page = try store.invocations(filter, limit: limit, after: cursor, at: Date())
            return (page, try store.instances(withIDs: Array(Set(page.elements.map(\.invocation.instanceID)))))
        }
        let names = Dictionary(named.map { ($0.id, $0.name ?? "") }) { first, _ in first }
        return ListCommandInvocations.Response(
            commandInvocations: page.elements.map { entry in
                let (invocation, command) = (entry.invocation, entry.command)
                return ListCommandInvocations.Invocation(
                    commandId: command.id,
                    instanceId: invocation.instanceID,
                    instanceName: names[invocation.instanceID] ?? "",
                    comment: command.comment ?? "",
                    documentName: command.documentName,
                    requestedDateTime: command.requested,
                    status: invocation.status.message.status,
                    statusDetails: invocation.status.message.details,
                    commandPlugins: request.details == true ? [SystemsManager.plugin(invocation)] : []
                )
            },
            nextToken: page.next?.text
        )
    }

    private static func plugin(_ invocation: CommandInvocation) -> ListCommandInvocations.Plugin {
        let separator = "\n----------ERROR-------\n"
        var plugin = ListCommandInvocations.Plugin(
            name: CommandDocument.plugin,
            status: invocation.status.message.status,
            statusDetails: invocation.status.message.details,
            responseCode: invocation.code ?? -1,
            output: (invocation.output + (invocation.error.isEmpty ? "" : separator + invocation.error))
                .cut(to: .commandExcerpt)
        )
        plugin.responseStartDateTime = invocation.started
        plugin.responseFinishDateTime = invocation.ended
        return plugin
    }

    func getCommandInvocation(_ request: GetCommandInvocation) async throws -> GetCommandInvocation.Response {
        var filter = CommandFilter()
        (filter.commandID, filter.instanceID) = (request.commandId, request.instanceId)
        let found = try await pool.run { [filter] in
            try store.invocations(filter, limit: 1, at: Date()).elements.first
        }
        guard let (invocation, command) = found else {
            throw ServiceError(code: "InvocationDoesNotExist", message: "the command was not sent to this instance")
        }
        guard [nil, "", CommandDocument.plugin].contains(request.pluginName) else {
            throw ServiceError(
                code: "InvalidPluginName",
                message: "the document \(command.documentName) has the plugin \(CommandDocument.plugin) alone"
            )
        }
        var answer = GetCommandInvocation.Response(
            commandId: command.id,
            instanceId: invocation.instanceID,
            comment: command.comment ?? "",
            documentName: command.documentName,
            pluginName: CommandDocument.plugin,
            responseCode: invocation.code ?? -1,
            status: invocation.status.message.status,
            statusDetails: invocation.status.message.details,
            standardOutputContent: invocation.output,
            standardErrorContent: invocation.error
        )
        if let started = invocation.started {
            answer.executionStartDateTime = started.formatted(.iso8601)
            if let ended = invocation.ended {
                let milliseconds = Int(max(0, ended.timeIntervalSince(started)) * 1000)
                answer.executionEndDateTime = ended.formatted(.iso8601)
                // ISO 8601, as PT1.25S.
                answer.executionElapsedTime =
                    "PT\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())S"
            }
        }
        return answer
    }

    private static func filter(
        _ commandID: String?,
        _ instanceID: String?,
        _ filters: [CommandFilterShape]?
    ) throws(ServiceError) -> CommandFilter {
        var filter = CommandFilter()
        (filter.commandID, filter.instanceID) = (commandID, instanceID)
        for shape in filters ?? [] {
            switch shape.key {
            case "InvokedAfter": filter.after = try date(shape.value)
            case "InvokedBefore": filter.before = try date(shape.value)
            case "DocumentName": filter.documentName = shape.value
            default:
                throw ServiceError(
                    code: "InvalidFilterKey",
                    message: "'\(shape.key.cut(to: .quotation))' is not a filter"
                )
            }
        }
        return filter
    }

    private static func date(_ text: String) throws(ServiceError) -> Date {
        guard let date = try? Date(text, strategy: .iso8601) else {
            throw .invalid("'\(text.cut(to: .quotation))' is not a date, as 2026-11-27T12:00:00Z is one")
        }
        return date
    }

    // MARK: Shapes

    /// - Throws: `InvalidCommandId`.
    private func shape(of id: CommandRecord.ID) async throws -> SendCommand.Command {
        var filter = CommandFilter()
        filter.commandID = id
        let found = try await pool.run { [filter] in
            try store.commands(filter, limit: 1, at: Date()).elements.first
        }
        guard let found else {
            throw ServiceError(code: "InvalidCommandId", message: "there is no command '\(id.cut(to: .quotation))'")
        }
        return SystemsManager.shape(found.command, found.invocations)
    }

    private static func shape(_ command: CommandRecord, _ invocations: [CommandInvocation]) -> SendCommand.Command {
        let status = status(of: invocations)
        return SendCommand.Command(
            commandId: command.id,
            documentName: command.documentName,
            expiresAfter: command.expires,
            parameters: command.parameters,
            instanceIds: command.instanceIDs,
            targets: command.targets.map { SendCommand.Target(key: $0.key, values: $0.values) },
            requestedDateTime: command.requested,
            status: status.status,
            statusDetails: status.details,
            maxConcurrency: command.maxConcurrency,
            maxErrors: command.maxErrors,
            targetCount: invocations.count,
            completedCount: invocations.count { $0.status.isEnd },
            errorCount: invocations.count { $0.status == .failed || $0.status == .timedOut },
            deliveryTimedOutCount: invocations.count { $0.status == .undelivered },
            timeoutSeconds: command.deliveryTimeout
        )
    }

    /// What all of them are together.
    static func status(of invocations: [CommandInvocation]) -> (status: String, details: String) {
        let all = Set(invocations.map(\.status))
        if all.contains(.cancelling) { return CommandInvocation.Status.cancelling.message }
        if all.contains(where: { !$0.isEnd }) {
            return (all == [.pending] ? CommandInvocation.Status.pending : .inProgress).message
        }
        for end in [CommandInvocation.Status.failed, .timedOut, .undelivered, .cancelled, .terminated]
        where all.contains(end) {
            return end.message
        }
        return CommandInvocation.Status.success.message
    }
}

extension CommandInvocation.Status {
    /// In Systems Manager's words.
    fileprivate var message: (status: String, details: String) {
        switch self {
        case .pending: ("Pending", "Pending")
        case .sent, .inProgress: ("InProgress", "InProgress")
        case .cancelling: ("Cancelling", "Cancelling")
        case .success: ("Success", "Success")
        case .failed: ("Failed", "Failed")
        case .timedOut: ("TimedOut", "ExecutionTimedOut")
        case .undelivered: ("TimedOut", "DeliveryTimedOut")
        case .cancelled: ("Cancelled", "Cancelled")
        case .terminated: ("Cancelled", "Terminated")
        }
    }
}
