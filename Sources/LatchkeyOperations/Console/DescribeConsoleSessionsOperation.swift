// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel

/// Lists who is signed in to the console: the caller's own browsers, or all for an admin.
struct DescribeConsoleSessionsOperation: ConsoleOperation {
    static let action: Action = "latchkey:DescribeConsoleSessions"

    let console: ConsoleService

    func execute(
        _ request: DescribeConsoleSessions,
        in context: OperationContext
    ) async throws -> DescribeConsoleSessions.Response {
        let shown = sessions.all(at: context.time)
            .compactMap { session -> DescribeConsoleSessions.Session? in
                guard let owner = sessions.owner(of: session) else { return nil }
                if case .ownedBy(let arn) = context.scope, arn != owner { return nil }
                return DescribeConsoleSessions.Session(
                    sessionId: session.id,
                    owner: owner,
                    accessKeyId: session.accessKeyID,
                    startDate: session.created,
                    lastUsedDate: session.lastUsed,
                    expirationDate: session.expires,
                    sourceAddress: session.sourceAddress,
                    userAgent: session.userAgent,
                    isCurrent: session.id == context.consoleSessionID
                )
            }
        return DescribeConsoleSessions.Response(sessions: shown)
    }
}
