// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyOperations
internal import LatchkeyRelay
internal import LatchkeySystem
internal import Logging
internal import NIOCore

/// Writes down, twice a minute, which sign-ins to the console were used, and ends those that are over, with the channels that they
/// opened.
struct ConsoleSessionKeeper: Sendable {
    /// Milliseconds.
    private static let interval: Int64 = 30_000

    let sessions: ConsoleSessions
    let relay: Relay
    let log: Logger

    /// - Returns: what does it, until it is stopped.
    func start() throws -> Ticker { try Ticker(every: ConsoleSessionKeeper.interval) { write() } }

    /// What cannot be done now is left to the next time.
    private func write() {
        do {
            if try sessions.writeUses() { relay.loop.execute { [relay] in relay.endRevoked() } }
        } catch {
            log.error("sign-ins to the console could not be noted", metadata: ["error": "\(error)"])
        }
    }
}
