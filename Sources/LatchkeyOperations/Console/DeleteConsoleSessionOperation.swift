// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Signs out: ends a session of the console, and with it the connections that it opened.
struct DeleteConsoleSessionOperation: ConsoleOperation {
    static let action: Action = "latchkey:DeleteConsoleSession"

    let console: ConsoleService

    func resources(of request: DeleteConsoleSession) throws -> [Resource] {
        // Without an id it is the one that asks, which is the caller's own.
        guard let id = request.sessionId else { return [] }
        guard let session = sessions.all(at: Date()).first(where: { $0.id == id }),
            let owner = sessions.owner(of: session)
        else { throw ServiceError.unknownSession }
        return [.consoleSession(id, owner: owner)]
    }

    func execute(_ request: DeleteConsoleSession, in context: OperationContext) async throws -> SignOutResponse {
        guard let id = request.sessionId ?? context.consoleSessionID else {
            throw ServiceError.invalid("'sessionId' is missing")
        }
        let isOwn = id == context.consoleSessionID
        try await pool.write { try sessions.close(id) }
        console.endChannels()
        return SignOutResponse(cookie: isOwn ? ConsoleCookie(origin: try context.pageOrigin).clearing : "")
    }

    /// The browser forgets its cookie together with the session.
    struct SignOutResponse: Encodable, CookieCarrying {
        let cookie: String

        func encode(to encoder: any Encoder) throws { try EmptyResponse().encode(to: encoder) }
    }
}
