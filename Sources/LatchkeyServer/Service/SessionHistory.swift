// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyControl
internal import Logging
internal import NIOCore

/// Forgets sessions that have ended long ago, at the start and then every hour.
struct SessionHistory: Sendable {
    /// Seconds for which sessions that have ended are told of, as by Systems Manager: 30 days.
    static let memory = 30.0 * 24 * 3600
    /// So many at once at the most, since other writes wait meanwhile.
    private static let batch = 200

    let store: Store
    let workers: Workers
    let log: Logger
    var interval = TimeAmount.hours(1)

    /// - Returns: what does it, until it is cancelled.
    func start(_ loop: any EventLoop) -> RepeatedTask {
        loop.scheduleRepeatedAsyncTask(initialDelay: .zero, delay: interval) { _ in
            loop.makeFutureWithTask { await prune() }
        }
    }

    /// What cannot be done now is left to the next time.
    private func prune() async {
        let date = Date().addingTimeInterval(-SessionHistory.memory)
        do {
            var count = SessionHistory.batch
            while count == SessionHistory.batch {
                count = try await workers.write {
                    try store.pruneSessions(endedBefore: date, limit: SessionHistory.batch)
                }
            }
        } catch {
            log.error("old sessions could not be forgotten", metadata: ["error": "\(error)"])
        }
    }
}
