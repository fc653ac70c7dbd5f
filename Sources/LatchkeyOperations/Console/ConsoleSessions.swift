// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
package import LatchkeyModel
package import LatchkeyStore
internal import Synchronization

/// The sign-ins to the console. They are kept in the store, and in memory, so that a request's cookie is looked up without
/// waiting.
package final class ConsoleSessions: Sendable {
    /// Seconds after which one ends in any case.
    package static let lifetime = 12.0 * 3600
    /// Seconds after which one ends whose user does nothing.
    package static let idleTime = 3600.0
    /// Seconds for which a link can be followed.
    package static let linkTime = 60.0
    /// So many at a time of one access key; another one takes the place of the one that has been idle for longest.
    private static let limit = 32

    private struct Known {
        /// By the digest of the token that shows it.
        var sessions: [[UInt8]: ConsoleSession] = [:]
        /// Uses that are not written down yet.
        var uses: [ConsoleSession.ID: Date] = [:]

        mutating func remove(_ id: ConsoleSession.ID) {
            sessions = sessions.filter { $0.value.id != id }
            uses[id] = nil
        }
    }

    private let store: any ServerStore
    private let signers: KnownSigners
    private let known = Mutex(Known())

    /// - Throws: what the store throws.
    package init(_ store: any ServerStore, signers: KnownSigners, now: Date = Date()) throws {
        self.store = store
        self.signers = signers
        let stored = try store.consoleSessions(at: now)
        known.withLock { known in
            for (session, digest) in stored { known.sessions[digest] = session }
        }
    }

    // MARK: In memory

    /// The session that a cookie shows; nil if it shows none, or one that is over.
    func session(token: String, at now: Date) -> ConsoleSession? {
        guard token.utf8.count == ConsoleSessions.tokenLength else { return nil }
        let digest = Digest.sha256(Array(token.utf8))
        guard let session = known.withLock({ $0.sessions[digest] }), isGood(session, at: now) else { return nil }
        return session
    }

    /// Whether a session is good.
    package func contains(_ id: ConsoleSession.ID, at now: Date = Date()) -> Bool {
        guard let session = known.withLock({ $0.sessions.values.first { $0.id == id } }) else { return false }
        return isGood(session, at: now)
    }

    /// The ARN of the user who is signed in; nil if the access key is gone.
    func owner(of session: ConsoleSession) -> String? {
        signers.user(session.accessKeyID).map { Principal.arn(ofUser: $0.name) }
    }

    /// Those that are good, the one that was used last before all others.
    func all(at now: Date) -> [ConsoleSession] {
        known.withLock { Array($0.sessions.values) }.filter { isGood($0, at: now) }.sorted { $0.lastUsed > $1.lastUsed }
    }

    private func isGood(_ session: ConsoleSession, at now: Date) -> Bool {
        now < session.expires && now.timeIntervalSince(session.lastUsed) < ConsoleSessions.idleTime
            && signers.user(session.accessKeyID) != nil
    }

    /// Its user has done something. It is written down by ``writeUses()``.
    func noteUse(of id: ConsoleSession.ID, at now: Date) {
        known.withLock { known in
            guard let (digest, session) = known.sessions.first(where: { $0.value.id == id }) else { return }
            known.sessions[digest]?.lastUsed = max(session.lastUsed, now)
            known.uses[id] = now
        }
    }

    // MARK: In the store, which they wait for

    /// Opens a session.
    ///
    /// - Returns: it, and the token that shows it, which is kept nowhere.
    /// - Throws: `accessKeyNotFound`, and what the store throws.
    func open(
        for accessKeyID: AccessKey.ID,
        sourceAddress: String?,
        userAgent: String?,
        at now: Date
    ) throws -> (session: ConsoleSession, token: String) {
        let session = ConsoleSession(
            accessKeyID: accessKeyID,
            created: now,
            expires: now + ConsoleSessions.lifetime,
            lastUsed: now,
            sourceAddress: sourceAddress,
            userAgent: userAgent?.cut(to: .userAgent)
        )
        let token = ConsoleSessions.makeToken()
        let digest = Digest.sha256(Array(token.utf8))
        try store.addConsoleSession(session, tokenDigest: digest)
        let surplus = known.withLock { known in
            known.sessions[digest] = session
            let own = known.sessions.values.filter { $0.accessKeyID == accessKeyID }
                .sorted { $0.lastUsed > $1.lastUsed }
            return own.dropFirst(ConsoleSessions.limit).map(\.id)
        }
        for id in surplus { try close(id) }
        return (session, token)
    }

    /// Ends a session: from here on its cookie shows nothing.
    func close(_ id: ConsoleSession.ID) throws {
        known.withLock { $0.remove(id) }
        try store.removeConsoleSession(id)
    }

    /// Makes a code that opens a session once.
    func makeLink(for accessKeyID: AccessKey.ID, at now: Date) throws -> String {
        let code = ConsoleSessions.makeToken()
        let digest = Digest.sha256(Array(code.utf8))
        try store.addConsoleLink(codeDigest: digest, for: accessKeyID, until: now + ConsoleSessions.linkTime)
        return code
    }

    /// Whose session a code opens; nil if it opens none, or has opened one.
    func redeem(_ code: String, at now: Date) throws -> AccessKey.ID? {
        guard code.utf8.count == ConsoleSessions.tokenLength else { return nil }
        return try store.redeemConsoleLink(codeDigest: Digest.sha256(Array(code.utf8)), at: now)
    }

    /// Writes down what was used, and forgets what is over. To be called now and then.
    ///
    /// - Returns: whether something was over.
    package func writeUses(now: Date = Date()) throws -> Bool {
        let (uses, over) = known.withLock { known in
            defer { known.uses = [:] }
            return (known.uses, known.sessions.values.filter { !isGood($0, at: now) }.map(\.id))
        }
        if !uses.isEmpty { try store.noteConsoleSessionUses(uses) }
        for id in over { try close(id) }
        return !over.isEmpty
    }

    /// Characters of a token or a code: 258 bits.
    private static let tokenLength = 43

    private static func makeToken() -> String {
        Random.text(tokenLength, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    }
}
