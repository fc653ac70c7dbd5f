// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyControl
internal import LatchkeyRelay

/// An operation of Systems Manager that users ask for.
protocol SystemsManagerOperation: Operation {
    var ssm: SystemsManager { get }
}

extension SystemsManagerOperation {
    var store: Store { ssm.store }
    var relay: Relay { ssm.relay }
    var pool: BlockingPool { ssm.pool }
    var events: SessionEventWriter { ssm.events }
    var commands: CommandDispatcher { ssm.commands }
    var maxDuration: Int? { ssm.maxDuration }
}
