// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization

/// Gives an agent the credentials of its role.
struct RequestRoleTokenOperation: Operation {
    static let action: Action = "ssm:RequestManagedInstanceRoleToken"
    static let callers: Set<Principal.Kind> = [.registeredKey]

    let agents: AgentService

    func execute(
        _ request: RequestManagedInstanceRoleToken,
        in context: OperationContext
    ) async throws -> RequestManagedInstanceRoleToken.Response {
        try agents.roles.make(for: try context.instanceID)
    }
}
