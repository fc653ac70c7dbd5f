// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto
internal import NIOCore

/// Tokens for channels: random, good for one use, for a while, and for the one thing that each was made for.
struct Tokens {
    enum Purpose: Hashable {
        case control(instanceID: String)
        case client(sessionID: String)
        case agent(sessionID: String)
    }

    private static let lifetime = TimeAmount.minutes(5)

    private var known: [String: (purpose: Purpose, expires: NIODeadline)] = [:]

    var count: Int { known.count }

    mutating func make(_ purpose: Purpose) -> String {
        let token = Hex.encode(Random.bytes(32))
        known[token] = (purpose, .now() + Tokens.lifetime)
        return token
    }

    /// - Returns: whether it is one, and was made for this; it is none any more afterwards, whatever the answer.
    mutating func redeem(_ token: String, _ purpose: Purpose) -> Bool {
        // Looked up by its hash: how long that takes says nothing about the others.
        guard let entry = known.removeValue(forKey: token) else { return false }
        return entry.purpose == purpose && entry.expires > .now()
    }

    mutating func dropExpired() {
        let now = NIODeadline.now()
        known = known.filter { $0.value.expires > now }
    }
}
