// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto
internal import NIOCore

/// The tokens of one node, in memory.
package struct LocalChannelTokens: ChannelTokens {
    private static let lifetime = TimeAmount.minutes(5)

    private var known: [String: (purpose: ChannelTokenPurpose, grant: Grant, expires: NIODeadline)] = [:]

    package init() {}

    package var count: Int { known.count }

    package mutating func make(_ purpose: ChannelTokenPurpose, on grant: Grant) -> String {
        let token = Hex.encode(Random.bytes(32))
        known[token] = (purpose, grant, .now() + LocalChannelTokens.lifetime)
        return token
    }

    package mutating func redeem(_ token: String, _ purpose: ChannelTokenPurpose) -> Grant? {
        // Looked up by its hash: how long that takes says nothing about the others.
        guard let entry = known.removeValue(forKey: token) else { return nil }
        return entry.purpose == purpose && entry.expires > .now() ? entry.grant : nil
    }

    package mutating func drop(where isRevoked: (Grant) -> Bool) {
        known = known.filter { !isRevoked($0.value.grant) }
    }

    package mutating func dropExpired() {
        let now = NIODeadline.now()
        known = known.filter { $0.value.expires > now }
    }
}
