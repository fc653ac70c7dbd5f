// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A key pair as the control plane knows it: the public half. The private half is only where its owner keeps it.
package struct KeyPair: Codable, Equatable, Identifiable, Sendable {
    /// Who made the key: EC2's fingerprints differ by it.
    package enum Origin: String, Codable, Sendable {
        case created, imported
    }

    /// `key-…`.
    package let id: String
    package let name: String
    package let publicKey: PublicKey
    /// The fingerprint in the form that EC2 shows for this type and origin.
    package let fingerprint: String
    package let origin: Origin
    package var tags: Tags
    package let created: Date

    package init(
        id: String = Identifier.make(prefix: Identifier.keyPairPrefix),
        name: String,
        publicKey: PublicKey,
        fingerprint: String,
        origin: Origin,
        tags: Tags = [:],
        created: Date
    ) {
        self.id = id
        self.name = name
        self.publicKey = publicKey
        self.fingerprint = fingerprint
        self.origin = origin
        self.tags = tags
        self.created = created
    }

    package var type: String { publicKey.typeName }
}
