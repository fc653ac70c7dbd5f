// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore
internal import NIOCore

/// Signs out: ends a session of the console, and with it the connections that it opened.
struct DeleteConsoleSessionOperation: ConsoleOperation {
    static let action: Action = "latchkey:DeleteConsoleSession"

    let console: ConsoleService
    let signers: KnownSigners

    func execute(_ request: DeleteConsoleSession, in context: OperationContext) async throws -> SignedOut {
        guard let id = request.sessionId ?? context.consoleSessionID else {
            throw ServiceError.invalid("'sessionId' is missing")
        }
        let isOwn = id == context.consoleSessionID
        if !isOwn { try check(id, context) }
        try await pool.write { try sessions.close(id) }
        console.endChannels()
        return SignedOut(cookie: isOwn ? ConsoleCookie(origin: try context.pageOrigin).clearing : "")
    }

    /// That the caller may end this one.
    private func check(_ id: ConsoleSession.ID, _ context: OperationContext) throws {
        guard case .ownedBy(let arn) = context.scope else { return }
        guard let session = sessions.all(at: context.time).first(where: { $0.id == id }),
            let user = signers.user(session.accessKeyID),
            Principal.user(name: user.name, accessKeyID: session.accessKeyID, isAdmin: false).arn == arn
        else { throw ServiceError.unknownSession }
    }

    /// The browser forgets its cookie together with the session.
    struct SignedOut: Encodable, CookieCarrying {
        let cookie: String

        func encode(to encoder: any Encoder) throws { try EmptyResponse().encode(to: encoder) }
    }
}
