// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyRelay
internal import NIOCore

/// What the console's own operations work on: who is signed in to it.
struct ConsoleService: Sendable {
    let sessions: ConsoleSessions
    let relay: Relay
    let pool: BlockingPool

    /// Opens a session in the browser that asks.
    func open(for accessKeyID: AccessKey.ID, in context: OperationContext) async throws -> SignInResponse {
        let cookie = ConsoleCookie(origin: try context.pageOrigin)
        let (session, token) = try await pool.write {
            try sessions.open(
                for: accessKeyID,
                sourceAddress: context.sourceAddress,
                userAgent: context.userAgent,
                at: context.time
            )
        }
        // Another one may have had to give way.
        endChannels()
        return SignInResponse(session, cookie: cookie.setting(token))
    }

    /// Ends the channels of sessions that are no more.
    func endChannels() { relay.loop.execute { [relay] in relay.endRevoked() } }
}
