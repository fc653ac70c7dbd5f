// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyControl
internal import LatchkeyRelay

/// What the operations share that agents ask for.
struct AgentService: Sendable {
    let store: Store
    let signers: KnownSigners
    let roles: AgentRoles
    let relay: Relay
    let pool: BlockingPool
}
