// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// Users' access keys. A key is made and deleted, never changed, but for when it was last used.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol AccessKeyStore: Sendable {
    /// - Parameter sealedSecret: the secret, encrypted by a key that is not in the store.
    func addAccessKey(_ key: AccessKey, sealedSecret: [UInt8]) throws

    /// Every access key, by user and then by age, the oldest first.
    func accessKeys() throws -> [AccessKey]

    /// An access key and its sealed secret; nil if there is none of that id.
    func accessKey(_ id: AccessKey.ID) throws -> (key: AccessKey, sealedSecret: [UInt8])?

    /// - Throws: `accessKeyNotFound`.
    func removeAccessKey(_ id: AccessKey.ID) throws

    /// Notes when keys were used, all or none of them: of each, if its last note is a minute old or older. Keys that are gone
    /// are passed over.
    func noteAccessKeyUses(_ dates: [AccessKey.ID: Date]) throws
}
