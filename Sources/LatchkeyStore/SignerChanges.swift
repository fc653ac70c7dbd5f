// SPDX-License-Identifier: Apache-2.0

package import LatchkeyModel

/// What became of the keys that requests are signed with.
package struct SignerChanges: Sendable {
    /// Another one whenever anything was committed.
    package let version: Int
    /// New ones; nil for one that is gone.
    package var users: [AccessKey.ID: SealedAccessKey?] = [:]
    package var agents: [Instance.ID: AgentRegistration?] = [:]

    package init(version: Int) { self.version = version }
}
