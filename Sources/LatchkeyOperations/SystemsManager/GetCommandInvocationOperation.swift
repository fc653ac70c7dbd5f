// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeyStore

/// Tells what became of a command on one instance, with its output.
struct GetCommandInvocationOperation: SystemsManagerOperation {
    static let action: Action = "ssm:GetCommandInvocation"

    let ssm: SystemsManager

    func execute(_ request: GetCommandInvocation, in context: OperationContext) async throws
        -> GetCommandInvocation.Response
    {
        var filter = CommandFilter()
        (filter.commandID, filter.instanceID) = (request.commandId, request.instanceId)
        let found = try await pool.run { [filter] in
            try store.invocations(filter, limit: 1, after: nil, at: Date()).elements.first
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
}
