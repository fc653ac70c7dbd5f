// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeySQLite
internal import LatchkeyStore
internal import LatchkeySystem
internal import Logging

/// Forgets sessions that have ended long ago, at the start and then every hour.
struct SessionHistory: Sendable {
    /// Seconds for which sessions that have ended are told of, as by Systems Manager: 30 days.
    static let memory = 30.0 * 24 * 3600
    /// So many at once at the most, since other writes wait meanwhile.
    private static let batch = 200

    let store: any ServerStore
    let log: Logger
    /// Milliseconds between two times.
    var interval: Int64 = 3_600_000

    /// - Returns: what does it, until it is stopped.
    func start() throws -> Ticker { try Ticker(every: interval) { prune() } }

    /// What cannot be done now is left to the next time.
    private func prune() {
        let date = Date().addingTimeInterval(-SessionHistory.memory)
        do {
            while try store.pruneSessions(endedBefore: date, limit: SessionHistory.batch) == SessionHistory.batch {}
        } catch {
            log.error("old sessions could not be forgotten", metadata: ["error": "\(error)"])
        }
    }
}
