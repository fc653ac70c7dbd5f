// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
package import LatchkeyModel
package import LatchkeyStore

extension SQLiteStore {
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
                    states.append((id, try SQLiteStore.known(InstanceState(rawValue: text))))
                } else {
                    unknown.append(id)
                }
            }
            if !unknown.isEmpty { throw TransitionFault.unknown(unknown) }
            for (id, state) in states {
                guard try SQLiteStore.exists("launch", "instanceID", id, database) else {
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
                try SQLiteStore.set(transition.state, of: id, reason: transition.reason, at: date, database)
                return (id, state, transition.state)
            }
        }
    }
}
