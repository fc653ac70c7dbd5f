// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// The agents' side of instances: at most one agent an instance.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol ManagedInstanceStore: Sendable {
    /// The agent's side of an instance; nil if there is no such instance or no agent on it.
    func managedInstance(_ id: Instance.ID) throws -> ManagedInstance?

    /// The agents that fulfil all filters, the one that registered first at the beginning. That of a terminated instance is none
    /// any more.
    ///
    /// - Parameters:
    ///   - limit: how many at the most, 1 or more.
    ///   - cursor: where the page before this one ended.
    func managedInstances(
        _ filters: [ManagedInstanceFilter],
        limit: Int,
        after cursor: PageCursor?
    ) throws -> Page<ManagedInstance>

    /// Those of these instances that have an agent.
    func managedInstanceIDs(among ids: [Instance.ID]) throws -> Set<Instance.ID>

    /// Gives an agent to an instance that was added without one.
    ///
    /// - Throws: `instanceNotFound`, or `instanceExists` if the instance has an agent: whose key it is does not change.
    func add(_ managed: ManagedInstance) throws

    /// Takes in what an agent says of itself, and that it was heard of. What it does not say stays as it was. An instance
    /// without a name is given its computer's, if that is lawful and free.
    ///
    /// - Throws: `instanceNotFound` if there is no such instance or no agent on it.
    func update(_ id: Instance.ID, with report: ManagedInstance.Report, at date: Date) throws

    /// Notes when agents were heard of, all or none of them. Instances that are gone are left out.
    func notePings(_ dates: [Instance.ID: Date]) throws
}
