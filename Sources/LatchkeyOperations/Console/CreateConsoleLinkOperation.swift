// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Makes a link that opens the console once, within a minute, as the user who asks.
struct CreateConsoleLinkOperation: ConsoleOperation {
    static let action: Action = "latchkey:CreateConsoleLink"

    let console: ConsoleService

    func execute(
        _ request: CreateConsoleLink,
        in context: OperationContext
    ) async throws -> CreateConsoleLink.Response {
        guard context.consoleSessionID == nil else { throw ServiceError.denied("the request is not signed") }
        let (id, now, origin) = (try context.accessKeyID, context.time, try context.pageOrigin)
        let code = try await pool.write { try sessions.makeLink(for: id, at: now) }
        return CreateConsoleLink.Response(
            url: "\(origin)\(ConsoleSession.pagePath)#code=\(code)",
            expirationDate: now + ConsoleSessions.linkTime
        )
    }
}
