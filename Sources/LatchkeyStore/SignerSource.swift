// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// The keys that requests are signed with, as a store has them at this moment. No function waits for those who write: it throws
/// `storeBusy` at once.
package protocol SignerSource: Sendable {
    /// - Returns: nil if there is no access key of that id.
    func user(_ id: AccessKey.ID) throws -> SealedAccessKey?

    /// - Returns: nil if the instance has no agent, or is being terminated.
    func agent(_ id: Instance.ID) throws -> AgentRegistration?

    /// What is different from what the caller knows.
    ///
    /// - Parameters:
    ///   - version: that of the last changes; nil for none.
    ///   - users: those that are known. A key is never changed, only made and deleted.
    ///   - agents: those that are known, with the time of their registrations.
    /// - Returns: nil if nothing was committed since that version.
    func changes(
        since version: Int?,
        users: Set<AccessKey.ID>,
        agents: [Instance.ID: Int64]
    ) throws -> SignerChanges?
}
