// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// What was launched here, and the states of it.
///
/// A client token launches once, whatever is asked at the same time. A state changes by compare-and-set: from a state that was
/// expected, and, where a time is given, only if it has not changed since.
///
/// Every function throws what ``ServerStore`` tells of, and what its own words say.
package protocol LaunchStore: Sendable {
    /// Adds instances that are launched together, all of them or none, with the same tags. As at EC2, they may have one name,
    /// and others' too.
    ///
    /// - Parameters:
    ///   - userData: what each of them is given to read; nil for nothing.
    ///   - volumeTags: the tags of their volumes.
    /// - Returns: what was launched with the same client token before, in which case nothing is added; empty if nothing was.
    /// - Throws: `nameInvalid` if their name looks like another instance's, and is not the same.
    @discardableResult
    func launch(
        _ launches: [(Instance, LaunchRecord)],
        userData: [UInt8]?,
        volumeTags: Tags
    ) throws -> [LaunchRecord]

    /// How an instance was launched; nil if it was not launched here.
    func launch(of id: Instance.ID) throws -> LaunchRecord?

    /// How these instances were launched, without those that were not launched here.
    func launches(of ids: [Instance.ID]) throws -> [Instance.ID: LaunchRecord]

    /// Every launched instance that is not terminated, the first one first.
    func launches() throws -> [LaunchRecord]

    /// What launches were asked for with this token, by their index; empty if none was.
    func launches(withClientToken token: String) throws -> [LaunchRecord]

    /// What an instance was given to read when it was launched; nil if nothing.
    func userData(of id: Instance.ID) throws -> [UInt8]?

    /// The tags of the volumes that instances were launched with, without those that were given none.
    func volumeTags(of ids: [Instance.ID]) throws -> [Instance.ID: Tags]

    /// The types of instances that were launched, at most so many.
    func launchedTypes(limit: Int) throws -> [String]

    /// Notes the container of a launched instance, or that it has none (any more).
    ///
    /// - Throws: `instanceNotFound` if it was not launched here.
    func setContainer(_ container: String?, of id: Instance.ID) throws

    /// Puts an instance into another state, if it is in one of these. One that begins to run is launched at that moment.
    ///
    /// - Parameters:
    ///   - date: when the state that was seen had come about; nil for any.
    ///   - reason: why; nil takes away the reason before.
    /// - Returns: the state before; nil, and nothing is changed, if it was not one of `expected`, or is a newer one.
    /// - Throws: `instanceNotFound`.
    @discardableResult
    func setState(
        of id: Instance.ID,
        _ state: InstanceState,
        from expected: Set<InstanceState>,
        unchangedSince date: Date?,
        reason: LaunchRecord.StateReason?,
        at now: Date
    ) throws -> InstanceState?

    /// Puts these in the place of the addresses by which an instance is reached over SSH, and the port beside them.
    func setAddresses(_ addresses: [String], port: Int, of id: Instance.ID) throws

    /// Forgets launched instances that have been terminated for so long.
    func removeTerminatedLaunches(before date: Date) throws

    /// Changes the states of launched instances, of all or of none.
    ///
    /// - Parameter isTrial: whether it is only seen if it could be done.
    /// - Returns: of each instance the state before and after.
    /// - Throws: `TransitionFault`.
    func change(
        _ ids: [Instance.ID],
        _ transition: StateTransition,
        isTrial: Bool,
        at date: Date
    ) throws -> [(id: Instance.ID, before: InstanceState, after: InstanceState)]
}

extension LaunchStore {
    /// Puts an instance into another state, if it is in one of these, whenever it came into it.
    ///
    /// - Returns: the state before; nil, and nothing is changed, if it was not one of `expected`.
    /// - Throws: `instanceNotFound`.
    @discardableResult
    package func setState(
        of id: Instance.ID,
        _ state: InstanceState,
        from expected: Set<InstanceState> = Set(InstanceState.allCases),
        reason: LaunchRecord.StateReason? = nil,
        at now: Date
    ) throws -> InstanceState? {
        try setState(of: id, state, from: expected, unchangedSince: nil, reason: reason, at: now)
    }
}
