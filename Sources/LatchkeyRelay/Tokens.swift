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

    private var known: [String: (purpose: Purpose, grant: Grant, expires: NIODeadline)] = [:]

    var count: Int { known.count }

    /// - Parameter grant: what it rests on.
    mutating func make(_ purpose: Purpose, on grant: Grant) -> String {
        let token = Hex.encode(Random.bytes(32))
        known[token] = (purpose, grant, .now() + Tokens.lifetime)
        return token
    }

    /// - Returns: what it rests on, if it is one and was made for this; it is none any more afterwards, whatever the answer.
    mutating func redeem(_ token: String, _ purpose: Purpose) -> Grant? {
        // Looked up by its hash: how long that takes says nothing about the others.
        guard let entry = known.removeValue(forKey: token) else { return nil }
        return entry.purpose == purpose && entry.expires > .now() ? entry.grant : nil
    }

    /// Forgets those that rest on certain things.
    mutating func drop(where isRevoked: (Grant) -> Bool) { known = known.filter { !isRevoked($0.value.grant) } }

    mutating func dropExpired() {
        let now = NIODeadline.now()
        known = known.filter { $0.value.expires > now }
    }
}
