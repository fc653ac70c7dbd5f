// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization

/// Official agents ask for messages here besides their control channel. There are never any.
struct GetMessagesOperation: Operation {
    static let action: Action = "ec2messages:GetMessages"
    static let callers: Set<Principal.Kind> = [.instance]

    func execute(_ request: GetMessages, in context: OperationContext) async throws -> GetMessages.Response {
        // Held, since an agent asks again at once.
        try await Task.sleep(for: .seconds(20))
        return GetMessages.Response(
            destination: try context.instanceID,
            messagesRequestId: request.messagesRequestId ?? ""
        )
    }
}
