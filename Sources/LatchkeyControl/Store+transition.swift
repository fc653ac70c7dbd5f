// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel

/// A change of state that is asked for.
package struct StateTransition: Sendable {
    package let state: InstanceState
    /// The states from which it goes there.
    package let sources: Set<InstanceState>
    /// The states in which there is nothing to do.
    package let unchanged: Set<InstanceState>
    package let reason: LaunchRecord.StateReason?

    package init(
        to state: InstanceState,
        from sources: Set<InstanceState>,
        unchanged: Set<InstanceState>,
        reason: LaunchRecord.StateReason? = nil
    ) {
        self.state = state
        self.sources = sources
        self.unchanged = unchanged
        self.reason = reason
    }
}

/// Why the states of several instances cannot be changed.
package enum TransitionFault: Error, Equatable, Sendable {
    case unknown([Instance.ID])
    /// It was not launched here, so that there is nothing to start or to stop.
    case notLaunched(Instance.ID)
    case wrongState(Instance.ID, InstanceState)
}

extension Store {
    /// Changes the states of launched instances, of all or of none.
    ///
    /// - Parameter isTrial: whether it is only seen if it could be done.
    /// - Returns: of each instance the state before and after.
    /// - Throws: `TransitionFault`.
    package func change(
        _ ids: [Instance.ID],
        _ transition: StateTransition,
        isTrial: Bool = false,
        at date: Date
    ) throws -> [(id: Instance.ID, before: InstanceState, after: InstanceState)] {
        try write { database in
            var states: [(id: Instance.ID, state: InstanceState)] = []
            var unknown: [Instance.ID] = []
            for id in ids {
                let text = try String.fetchOne(
                    database,
                    sql: "SELECT state FROM instance WHERE id = ?",
                    arguments: [id]
                )
                if let text {
                    states.append((id, try Store.known(InstanceState(rawValue: text))))
                } else {
                    unknown.append(id)
                }
            }
            if !unknown.isEmpty { throw TransitionFault.unknown(unknown) }
            for (id, state) in states {
                guard try Store.exists("launch", "instanceID", id, database) else {
                    throw TransitionFault.notLaunched(id)
                }
                guard transition.sources.contains(state) || transition.unchanged.contains(state) else {
                    throw TransitionFault.wrongState(id, state)
                }
            }
            return try states.map { id, state in
                guard !isTrial, transition.sources.contains(state), state != transition.state else {
                    return (id, state, state)
                }
                try Store.set(transition.state, of: id, reason: transition.reason, at: date, database)
                return (id, state, transition.state)
            }
        }
    }
}
