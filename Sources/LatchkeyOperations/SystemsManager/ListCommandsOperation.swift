// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyStore

/// Lists commands.
struct ListCommandsOperation: SystemsManagerOperation {
    static let action: Action = "ssm:ListCommands"

    let ssm: SystemsManager

    func execute(_ request: ListCommands, in context: OperationContext) async throws -> ListCommands.Response {
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
}
