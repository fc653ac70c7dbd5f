// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
package import LatchkeyModel
internal import LatchkeySystem
internal import Synchronization

/// The tokens of one node, in memory.
package final class LocalMetadataTokens: MetadataTokens {
    /// In all, and of one instance; beyond that those that end first give way.
    private static let (limit, share) = (10_000, 64)

    private struct Bearer {
        var instance: Instance.ID
        var source: String
        /// On ``SystemClock``.
        var until: Int64
    }

    private let tokens = Mutex<[String: Bearer]>([:])

    package init() {}

    package func make(for instance: Instance.ID, at source: String, lifetime: Int) -> String {
        let token = Data(Random.bytes(42)).base64EncodedString()
        let now = SystemClock.milliseconds()
        tokens.withLock { tokens in
            if tokens.count >= LocalMetadataTokens.limit { tokens = tokens.filter { $0.value.until > now } }
            let own = tokens.filter { $0.value.instance == instance }
            if own.count >= LocalMetadataTokens.share, let first = own.min(by: { $0.value.until < $1.value.until }) {
                tokens[first.key] = nil
            }
            if tokens.count >= LocalMetadataTokens.limit { tokens = [:] }
            tokens[token] = Bearer(instance: instance, source: source, until: now + Int64(lifetime) * 1000)
        }
        return token
    }

    package func owner(of token: String, at source: String) -> Instance.ID? {
        tokens.withLock { tokens in
            guard let bearer = tokens[token], bearer.source == source, bearer.until > SystemClock.milliseconds() else {
                return nil
            }
            return bearer.instance
        }
    }
}
