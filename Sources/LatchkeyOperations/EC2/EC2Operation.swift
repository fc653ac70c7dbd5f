// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyControl
internal import LatchkeyRelay
internal import Logging

/// An operation of EC2.
protocol EC2Operation: Operation {
    var ec2: EC2Service { get }
}

extension EC2Operation {
    var store: Store { ec2.store }
    var relay: Relay { ec2.relay }
    var pool: BlockingPool { ec2.pool }
    var launcher: (any InstanceLauncher)? { ec2.launcher }
    var surroundings: Surroundings { ec2.surroundings }
    var log: Logger { ec2.log }
}
