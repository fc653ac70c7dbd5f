// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyRelay
internal import LatchkeyStore

/// The operations of Systems Manager for users: sessions, commands, and the instances for them.
struct SystemsManager: Sendable {
    let store: any ServerStore
    /// This latchkeyd, which owns the sessions that it starts.
    let node: NodeID
    let relay: Relay
    let agents: any AgentDirectory
    let pool: BlockingPool
    let events: SessionEventWriter
    let commands: CommandDispatcher
    /// Minutes that a session may last; nil for no limit.
    let maxDuration: Int?

    /// Where the page before ended.
    static func cursor(_ token: String?) throws(ServiceError) -> PageCursor? {
        guard let token else { return nil }
        guard let cursor = PageCursor(token) else { throw invalidToken }
        return cursor
    }

    static let invalidToken = ServiceError(code: "InvalidNextToken", message: "the token is not one that was given")

    static func limit(_ wanted: Int?) throws(ServiceError) -> Int {
        let limit = wanted ?? 50
        guard (1...50).contains(limit) else { throw .invalid("'maxResults' must be 1 to 50") }
        return limit
    }
}
