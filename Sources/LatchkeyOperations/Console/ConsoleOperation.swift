// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// An operation of the console's own.
protocol ConsoleOperation: Operation {
    var console: ConsoleService { get }
}

extension ConsoleOperation {
    var sessions: ConsoleSessions { console.sessions }
    var pool: BlockingPool { console.pool }
}

/// What the console's own operations work on: who is signed in to it.
struct ConsoleService: Sendable {
    let sessions: ConsoleSessions
    let pool: BlockingPool

    /// Opens a session in the browser that asks.
    func open(for accessKeyID: AccessKey.ID, in context: OperationContext) async throws -> SignedIn {
        let (session, token) = try await pool.write {
            try sessions.open(
                for: accessKeyID,
                sourceAddress: context.sourceAddress,
                userAgent: context.userAgent,
                at: context.time
            )
        }
        return SignedIn(session, token: token, isSecure: context.isSecure)
    }
}
