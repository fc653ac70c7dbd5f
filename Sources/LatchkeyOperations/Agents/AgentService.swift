// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyRelay
internal import LatchkeyStore

/// What the operations share that agents ask for.
struct AgentService: Sendable {
    let store: any ServerStore
    let signers: KnownSigners
    let roles: AgentRoles
    let relay: Relay
    let pool: BlockingPool
}
