// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// Instances: ids, states, addresses, host keys, and how they are reached.
///
/// An id is unique. `add` and `tag` compare names with all others in the same transaction: two instances that are added at once
/// cannot both get a name that belongs to one. Every list is in the order that its function tells.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol InstanceStore: Sendable {
    /// Every instance, in the order of ``Instance/naturallyPrecedes(_:)``.
    func instances() throws -> [Instance]

    /// Adds an instance.
    ///
    /// - Throws: `instanceExists` if another one has its name, `nameInvalid` if another one's looks like it.
    func add(_ instance: Instance) throws

    /// The instances with these ids, in this order; an id that is not known is left out.
    func instances(withIDs ids: [Instance.ID]) throws -> [Instance]

    /// The instances that a selector stands for, best kind of match only: an exact id, else exact names, else exact addresses,
    /// else names and ids that begin so. Terminated ones are left out unless the id is exact; where nothing else is found,
    /// those with exactly this name count.
    ///
    /// - Parameter limit: at most so many.
    func instances(matching selector: InstanceSelector, limit: Int) throws -> [Instance]

    /// Sets tags and removes others; the name is one of them.
    ///
    /// - Throws: `nameInvalid` for a name that looks like another instance's.
    func tag(_ id: Instance.ID, set tags: Tags, remove keys: [String]) throws

    /// Forgets an instance, its pinned host keys included. The machine itself is not touched.
    ///
    /// - Throws: `requestRefused` for one that latchkeyd has launched and not ended.
    func removeInstance(_ id: Instance.ID) throws

    /// Pins the host keys of an instance that has none pinned yet; those that are pinned already are left as they are.
    ///
    /// - Throws: `hostKeyChanged` if others are pinned, for example by another process meanwhile.
    func pinHostKeys(_ keys: [HostKey], for instanceID: Instance.ID) throws

    /// The instances `i-…` that fulfil all filters, in the order of their ids; those that registered themselves as `mi-…` are
    /// none of EC2's.
    ///
    /// - Parameters:
    ///   - ids: only these; nil for all.
    ///   - limit: how many at the most, 1 or more. There are fewer where their tags are too much for one answer.
    ///   - last: the id behind which the page begins.
    /// - Returns: the page, and whether there are more behind it.
    func describeInstances(
        _ filters: [InstanceFilter],
        ids: [Instance.ID]?,
        limit: Int,
        after last: Instance.ID?
    ) throws -> (page: [InstanceDescription], hasMore: Bool)

    /// Those of these ids that instances have.
    func knownInstanceIDs(among ids: [Instance.ID]) throws -> Set<Instance.ID>

    /// Takes in what an agent says about how its instance is reached over SSH. Host keys that a person gave or confirmed
    /// are left alone; those that the agent reported before, or that were read on a console, give way to what it reports now.
    /// Addresses and port are taken only where none are noted.
    func noteReachability(
        of id: Instance.ID,
        hostKeys: [PublicKey],
        addresses: [String],
        port: Int?,
        at date: Date
    ) throws
}

extension InstanceStore {
    /// The instances `i-…` with these ids, in the order of their ids: as many as one page holds.
    package func describeInstances(withIDs ids: [Instance.ID]) throws -> [InstanceDescription] {
        try describeInstances([], ids: ids, limit: max(1, ids.count), after: nil).page
    }
}
