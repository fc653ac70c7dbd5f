// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A public key by which an instance proves who it is, and how it came to be trusted.
package struct HostKey: Codable, Equatable, Sendable {
    /// Who said that this key is the instance's.
    package enum Source: String, Codable, Sendable {
        /// The user gave it on the command line.
        case given
        /// The user saw its fingerprint and said yes.
        case confirmed
        /// `--accept-new-host-key`: the first key seen.
        case firstUse
        /// The instance's agent reported it, over a connection that its registered key attests.
        case agent
        /// It stood on the instance's console, which its control plane keeps.
        case console
    }

    package let key: PublicKey
    package let source: Source
    package let pinned: Date

    /// Whether a source that can know attests the key; for the first key seen, none does.
    package var isAttested: Bool {
        switch source {
        case .given, .confirmed, .agent, .console: true
        case .firstUse: false
        }
    }

    package init(key: PublicKey, source: Source, pinned: Date) {
        self.key = key
        self.source = source
        self.pinned = pinned
    }
}
