// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization

/// Signs in to the console: the user who signs this request gets the cookie that stands for the access key.
struct CreateConsoleSessionOperation: ConsoleOperation {
    static let action: Action = "latchkey:CreateConsoleSession"

    let console: ConsoleService

    func execute(_ request: CreateConsoleSession, in context: OperationContext) async throws -> SignInResponse {
        // A cookie that made others would outlive its own end.
        guard context.consoleSessionID == nil else { throw ServiceError.denied("the request is not signed") }
        return try await console.open(for: try context.accessKeyID, in: context)
    }
}
