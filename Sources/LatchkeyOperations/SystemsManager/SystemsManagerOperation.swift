// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeyRelay
internal import LatchkeyStore

/// An operation of Systems Manager that users ask for.
protocol SystemsManagerOperation: Operation {
    var ssm: SystemsManager { get }
}

extension SystemsManagerOperation {
    var store: any ServerStore { ssm.store }
    var node: NodeID { ssm.node }
    var relay: Relay { ssm.relay }
    var agents: any AgentDirectory { ssm.agents }
    var pool: BlockingPool { ssm.pool }
    var events: SessionEventWriter { ssm.events }
    var commands: CommandDispatcher { ssm.commands }
    var maxDuration: Int? { ssm.maxDuration }
}
