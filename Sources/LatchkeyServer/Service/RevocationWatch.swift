// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyRelay
internal import LatchkeyStore
internal import LatchkeySystem
internal import Logging
internal import NIOCore
internal import Synchronization

/// Looks twice a second whether access keys and instances are gone, which other processes may have removed from the database,
/// and has the relay end what rests on them.
final class RevocationWatch: Sendable {
    /// Milliseconds.
    private static let interval: Int64 = 500

    private let signers: KnownSigners
    private let relay: Relay
    private let log: Logger
    /// The first look also ends what was removed while no server ran.
    private let hasLooked = Atomic(false)
    /// What goes on is told once.
    private let hasFailed = Atomic(false)

    init(signers: KnownSigners, relay: Relay, log: Logger) {
        self.signers = signers
        self.relay = relay
        self.log = log
    }

    /// - Returns: what does it, until it is stopped, on a thread for this alone, so that it is never late.
    func start() throws -> Ticker { try Ticker(every: RevocationWatch.interval) { self.refresh() } }

    private func refresh() {
        do {
            let hasChanged = try signers.refresh()
            if hasFailed.exchange(false, ordering: .relaxed) {
                log.notice("access keys and instances are watched again")
            }
            let isFirst = !hasLooked.exchange(true, ordering: .relaxed)
            if hasChanged || isFirst { relay.loop.execute { [relay] in relay.endRevoked() } }
        } catch {
            guard !hasFailed.exchange(true, ordering: .relaxed) else { return }
            log.error("access keys and instances cannot be watched", metadata: ["error": "\(error)"])
        }
    }
}
