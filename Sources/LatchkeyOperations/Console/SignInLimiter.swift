// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyHTTP
internal import LatchkeyModel
internal import NIOHTTP1
internal import Synchronization

/// Slows down those who try to sign in to the console with what is not theirs: by where they come from, and by the access key that
/// they name. Who has signed in with a key from somewhere is not kept out there by what others try elsewhere.
final class SignInLimiter: Sendable {
    /// Seconds for which a failure counts.
    private static let window = 60.0
    /// Failures from one source within that time.
    private static let limitBySource = 10
    /// Failures with one access key, from wherever.
    private static let limitByKey = 30
    /// So many sources and keys are remembered; beyond that the oldest are forgotten.
    private static let memory = 4096

    private struct SignInPlace: Hashable {
        let source: ConnectionSource
        let key: AccessKey.ID
    }

    private struct State {
        var bySource: [ConnectionSource: [Date]] = [:]
        var byKey: [AccessKey.ID: [Date]] = [:]
        /// Where keys have been used to sign in.
        var signInPlaces: [SignInPlace: Date] = [:]
    }

    private let state = Mutex(State())

    private let origin: PublicOrigin

    init(origin: PublicOrigin = .ofRequest) { self.origin = origin }

    /// Whether a request is an attempt to sign in.
    static func isAttempt(_ request: IncomingRequest) -> Bool {
        let action = request.headers.first(name: "X-Amz-Target").flatMap(JSONRouter.action)
        return action == CreateConsoleSessionOperation.action || action == RedeemConsoleLinkOperation.action
    }

    /// Lets an attempt through, which counts as a failure until ``end(_:_:)`` says otherwise: so that many at once are as many.
    ///
    /// - Returns: seconds after which it would be let through; nil where it is.
    func begin(_ request: IncomingRequest, at now: Date = Date()) -> Int? {
        let (source, key) = names(request)
        return state.withLock { state in
            if let source, let delay = SignInLimiter.wait(state.bySource[source], SignInLimiter.limitBySource, now) {
                return delay
            }
            let isKnownPlace = source.map { source in
                key.map { state.signInPlaces[SignInPlace(source: source, key: $0)] != nil } ?? false
            }
            if let key, isKnownPlace != true,
                let delay = SignInLimiter.wait(state.byKey[key], SignInLimiter.limitByKey, now)
            {
                return delay
            }
            func added(_ dates: [Date]?) -> [Date] { SignInLimiter.recent(dates, now) + [now] }
            if let source {
                SignInLimiter.put(added(state.bySource[source]), at: source, in: &state.bySource) { $0.last ?? now }
            }
            if let key { SignInLimiter.put(added(state.byKey[key]), at: key, in: &state.byKey) { $0.last ?? now } }
            return nil
        }
    }

    /// What became of an attempt that was let through.
    func end(_ request: IncomingRequest, _ response: OutgoingResponse, at now: Date = Date()) {
        // A fault of this server is no failed attempt.
        guard !response.isRefusal else { return }
        let (source, key) = names(request)
        state.withLock { state in
            if let source { _ = state.bySource[source]?.popLast() }
            if let key { _ = state.byKey[key]?.popLast() }
            guard response.isSuccess, let source, let key else { return }
            SignInLimiter.put(now, at: SignInPlace(source: source, key: key), in: &state.signInPlaces) { $0 }
        }
    }

    /// - Returns: where it comes from, nil where that is a proxy with all its clients; and the access key that it names.
    private func names(_ request: IncomingRequest) -> (ConnectionSource?, AccessKey.ID?) {
        let key = (try? SignatureHeader(of: request.signable))?.accessKeyID
        let source = request.source ?? ""
        return (origin.isProxy(source) ? nil : ConnectionSource(address: source), key.map { String($0.prefix(128)) })
    }

    private static func recent(_ dates: [Date]?, _ now: Date) -> [Date] {
        (dates ?? []).filter { now.timeIntervalSince($0) < window }
    }

    private static func wait(_ dates: [Date]?, _ limit: Int, _ now: Date) -> Int? {
        let recent = recent(dates, now)
        guard recent.count >= limit else { return nil }
        let first = recent[recent.count - limit]
        return max(1, Int((window - now.timeIntervalSince(first)).rounded(.up)))
    }

    private static func put<Key, Value>(
        _ value: Value,
        at key: Key,
        in table: inout [Key: Value],
        _ date: (Value) -> Date
    ) {
        if table.count >= memory, table[key] == nil, let oldest = table.min(by: { date($0.value) < date($1.value) }) {
            table[oldest.key] = nil
        }
        table[key] = value
    }
}
