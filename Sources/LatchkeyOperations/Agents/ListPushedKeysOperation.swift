// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// Tells an agent the keys that its own instance lets in now.
struct ListPushedKeysOperation: Operation {
    static let action: Action = "ssm:LatchkeyListPushedKeys"
    static let callers: Set<Principal.Kind> = [.instance]

    let agents: AgentService

    func execute(_ request: ListPushedKeys, in context: OperationContext) async throws -> ListPushedKeys.Response {
        let (store, now, id) = (agents.store, Date(), try context.instanceID)
        let keys = try await agents.pool.run { try store.pushedKeys(of: id, user: request.user, at: now) }
        return ListPushedKeys.Response(
            keys: keys.map { ($0.key.line, Int64($0.end.timeIntervalSince(now) * 1000)) }
        )
    }
}
