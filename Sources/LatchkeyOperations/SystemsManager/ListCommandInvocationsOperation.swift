// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeySessionProtocol
internal import LatchkeyStore

/// Lists what became of commands on each instance.
struct ListCommandInvocationsOperation: SystemsManagerOperation {
    static let action: Action = "ssm:ListCommandInvocations"

    let ssm: SystemsManager

    func execute(_ request: ListCommandInvocations, in context: OperationContext) async throws
        -> ListCommandInvocations.Response
    {
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
                    commandPlugins: request.details == true ? [Self.plugin(invocation)] : []
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
}
