// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// Keys that are let in for a while. One user of an instance has at most ``StoreLimit/pushedKeysPerUser`` of them at a time.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol PushedKeyStore: Sendable {
    /// Lets a key in for a user of an instance until a time; one that is there already stays until then.
    ///
    /// - Parameter accessKeyID: of the one who pushes it; nil to let it in whatever becomes of access keys.
    /// - Returns: false if too many keys wait for this user.
    /// - Throws: `instanceNotFound`.
    func push(
        _ key: PublicKey,
        to instanceID: Instance.ID,
        user: String,
        by accessKeyID: AccessKey.ID?,
        until end: Date,
        at now: Date
    ) throws -> Bool

    /// The keys that are let in now for a user of an instance, and until when: without those that were pushed with an access key
    /// that has been deleted since.
    func pushedKeys(
        of instanceID: Instance.ID,
        user: String,
        at now: Date
    ) throws -> [(key: PublicKey, end: Date)]
}
