// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A public key that opens one instance for one of its users, for a short while (EC2 Instance Connect).
package struct PushedKey: Equatable, Sendable {
    /// Seconds that one is good for.
    package static let lifetime = 60.0

    package let instanceID: Instance.ID
    /// The user on the instance that it lets in, and no other.
    package let user: String
    package let publicKey: PublicKey
    /// The moment from which on it opens nothing.
    package let expires: Date

    package init(instanceID: Instance.ID, user: String, publicKey: PublicKey, expires: Date) {
        self.instanceID = instanceID
        self.user = user
        self.publicKey = publicKey
        self.expires = expires
    }
}
