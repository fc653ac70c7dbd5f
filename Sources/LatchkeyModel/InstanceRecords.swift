// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// What this machine has learnt by itself about instances that another control plane knows, by their ids.
///
/// Every function throws `LatchkeyError`.
package protocol InstanceRecords: Sendable {
    /// The host keys that are pinned, for each instance that has any.
    func notedHostKeys(of ids: [Instance.ID]) throws -> [Instance.ID: [HostKey]]

    /// Pins host keys of an instance that has none pinned yet; those that are pinned already are left as they are.
    ///
    /// - Throws: `hostKeyChanged` if others are pinned.
    func noteHostKeys(_ keys: [HostKey], of id: Instance.ID) throws

    /// Puts these in the place of all that are pinned.
    func replaceNotedHostKeys(_ keys: [HostKey], of id: Instance.ID) throws

    /// The key that the instance let in last, for a login user; nil if none did.
    func notedAcceptedKey(of id: Instance.ID, user: String) throws -> PublicKey?

    func noteAcceptedKey(_ key: PublicKey, ofRemote id: Instance.ID, user: String, at date: Date) throws
}
