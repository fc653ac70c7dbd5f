// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel
package import NIOCore

/// Tells which agents are connected, from any thread.
///
/// Nodes to which agents dial in side by side need a conformer that they share.
package protocol AgentDirectory: Sendable {
    /// - Returns: nil if the instance's agent is not connected.
    func agent(of instanceID: Instance.ID) -> EventLoopFuture<ConnectedAgent?>

    /// Waits for an agent that is on its way here: nil if it is not there after that time, or the relay stops.
    func arrival(ofAgentOf instanceID: Instance.ID, within time: TimeAmount) -> EventLoopFuture<ConnectedAgent?>

    /// The instances whose agents are connected.
    func connected() -> EventLoopFuture<Set<Instance.ID>>

    /// Whether agents may not have come back yet that were connected before this was started.
    func hasJustStarted() -> EventLoopFuture<Bool>

    /// When second agents with the registrations of instances were turned away last, of those that go on trying.
    func copied() -> EventLoopFuture<[Instance.ID: Date]>
}
