// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyRelay
internal import LatchkeyStore
internal import Logging

/// An operation of EC2.
protocol EC2Operation: Operation {
    var ec2: EC2Service { get }
}

extension EC2Operation {
    var store: any ServerStore { ec2.store }
    var agents: any AgentDirectory { ec2.agents }
    var pool: BlockingPool { ec2.pool }
    var launcher: (any InstanceLauncher)? { ec2.launcher }
    var surroundings: Surroundings { ec2.surroundings }
    var log: Logger { ec2.log }
}
