// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyOperations
internal import LatchkeySystem
internal import Logging

/// Writes down once a minute which sign-ins to the console were used, and forgets those that are over.
struct ConsoleSessionKeeper: Sendable {
    /// Milliseconds.
    private static let interval: Int64 = 60_000

    let sessions: ConsoleSessions
    let log: Logger

    /// - Returns: what does it, until it is stopped.
    func start() throws -> Ticker { try Ticker(every: ConsoleSessionKeeper.interval) { write() } }

    /// What cannot be done now is left to the next time.
    private func write() {
        do { try sessions.writeUses() } catch {
            log.error("sign-ins to the console could not be noted", metadata: ["error": "\(error)"])
        }
    }
}
