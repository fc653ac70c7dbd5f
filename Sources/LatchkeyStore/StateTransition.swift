// SPDX-License-Identifier: Apache-2.0

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
