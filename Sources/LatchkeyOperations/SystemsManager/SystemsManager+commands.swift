// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyStore

/// How commands are told of.
extension SystemsManager {
    static func filter(
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

    static func date(_ text: String) throws(ServiceError) -> Date {
        guard let date = try? Date(text, strategy: .iso8601) else {
            throw .invalid("'\(text.cut(to: .quotation))' is not a date, as 2026-11-27T12:00:00Z is one")
        }
        return date
    }

    /// - Throws: `InvalidCommandId`.
    func shape(of id: CommandRecord.ID) async throws -> SendCommand.Command {
        var filter = CommandFilter()
        filter.commandID = id
        let found = try await pool.run { [filter] in
            try store.commands(filter, limit: 1, after: nil, at: Date()).elements.first
        }
        guard let found else {
            throw ServiceError(code: "InvalidCommandId", message: "there is no command '\(id.cut(to: .quotation))'")
        }
        return SystemsManager.shape(found.command, found.invocations)
    }

    static func shape(_ command: CommandRecord, _ invocations: [CommandInvocation]) -> SendCommand.Command {
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
    var message: (status: String, details: String) {
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
