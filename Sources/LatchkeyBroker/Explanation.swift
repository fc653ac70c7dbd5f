// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// Why an instance is entered as it is, or cannot be: the whole reasoning, for people and as JSON with stable keys.
package struct Explanation: Codable, Equatable, Sendable {
    /// Which instance, and how the selector led to it.
    package struct Subject: Codable, Equatable, Sendable {
        package let id: String
        package let name: String?
        package let state: InstanceState
        package let addresses: [String]
        package let port: Int
        package let keyName: String?
        /// How the selector led to it: `id`, `name`, `address`, `tag` or `prefix`.
        package let matchedBy: String
    }

    /// Whom to log in as.
    package struct User: Codable, Equatable, Sendable {
        package let name: String
        /// `option`, `instance` or `local`.
        package let source: String
    }

    /// A candidate, and whether it would be used.
    package struct Key: Codable, Equatable, Sendable {
        /// What becomes of a candidate.
        package enum Verdict: String, Codable, Sendable {
            /// `connect` uses this one.
            case chosen
            /// It fits too, but another one is used.
            case fits
            /// The instance was asked, and does not know it.
            case refused
            /// Nothing says that it fits, and the instance was not asked about it.
            case untried
            /// The file cannot be used.
            case unusable
        }

        /// The file's path, or the comment of an agent's key.
        package let key: String
        /// `file` or `agent`.
        package let source: String
        /// With its size where that varies, for example `rsa 2048`; nil where only the passphrase would tell.
        package let type: String?
        /// In OpenSSH's form; nil likewise.
        package let fingerprint: String?
        package var verdict: Verdict
        /// Why, in words that are safe for a terminal.
        package var reason: String
    }

    /// A host key that is pinned for the instance.
    package struct HostKey: Codable, Equatable, Sendable {
        package let type: String
        /// In OpenSSH's form.
        package let fingerprint: String
        /// `given`, `confirmed`, `firstUse` or `agent`.
        package let source: String
    }

    /// A way in, and whether it is open.
    package struct Road: Codable, Equatable, Sendable {
        /// `ssh`, `ssh-over-relay` or `relay`.
        package let road: String
        package let isOpen: Bool
        /// Why, in words that are safe for a terminal.
        package let reason: String
    }

    package var instance: Subject
    package var user: User
    package var hostKeys: [HostKey]
    package var keys: [Key]
    /// How many more keys there are that nothing speaks for and that were not tried; nil where a key is verified to fit,
    /// since the search ends there.
    package var otherKeys: Int?
    package var roads: [Road]
    /// What would have to change, or what to do next.
    package var advice: [String]
}
