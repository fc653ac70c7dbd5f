// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// What a plan's steps are made of: what touches the network. What was entered stays with the conformer.
protocol EntryActions {
    /// What the relay says of the instance's agent.
    func askAgent(_ plan: EntryPlan) -> AgentPresence

    func enterByOwnKeys(_ plan: EntryPlan, over road: Road) throws

    /// - Parameter because: what is told of why a key is pushed, once it was.
    func enterByPushedKey(
        _ plan: EntryPlan,
        over roads: [Road],
        _ pushing: Pushing,
        because: LatchkeyError?
    ) throws

    func openSession(_ plan: EntryPlan) throws

    /// Tells the user something on the way.
    func note(_ message: String)

    /// The same for one who asks for details.
    func trace(_ message: String)
}
