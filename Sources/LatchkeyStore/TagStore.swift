// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// Tags of instances and key pairs: a key has one value. A change is made to all of its resources or to none.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol TagStore: Sendable {
    /// The tags of instances `i-…` and key pairs, by resource and key.
    ///
    /// - Parameters:
    ///   - limit: how many at the most, 1 or more.
    ///   - last: the resource and the key behind which the page begins.
    /// - Returns: the page, and behind which resource and key there are more; nil if there are none.
    func describeTags(
        _ filters: [TagFilter],
        limit: Int,
        after last: (resourceID: String, key: String)?
    ) throws -> (page: [TagDescription], next: (resourceID: String, key: String)?)

    /// Sets tags of instances and key pairs, of all or of none.
    ///
    /// - Throws: `TaggingFault`, `nameInvalid` for a name that looks like that of an instance which is not among them.
    func setTags(_ tags: Tags, ofResources ids: [String]) throws

    /// Takes tags away from instances and key pairs, from all or from none.
    ///
    /// - Parameter tags: with a value, only if it is that; nil for all of them.
    /// - Throws: `TaggingFault`.
    func removeTags(_ tags: [(key: String, value: String?)]?, ofResources ids: [String]) throws
}
