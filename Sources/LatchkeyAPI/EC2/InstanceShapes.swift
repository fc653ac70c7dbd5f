// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

extension EC2 {
    package struct DescribeInstances: Request {
        package static let operation = "DescribeInstances"

        package var instanceId: [String]?
        package var filter: [Filter]?
        package var maxResults: Int?
        package var nextToken: String?
        /// Whether instances are listed that a service runs for its user. There are none.
        package var includeManagedResources: Bool?
        package var dryRun: Bool?

        package init() {}

        package struct Response: Codable, Sendable {
            package var reservationSet: [Reservation]
            package var nextToken: String?

            package init(reservationSet: [Reservation], nextToken: String?) {
                self.reservationSet = reservationSet
                self.nextToken = nextToken
            }
        }
    }

    /// Instances that one request launched, or as many of them as are asked for.
    package struct Reservation: Codable, Sendable {
        package var reservationId: String
        package var ownerId: String
        /// Security groups of a kind that is no more.
        package var groupSet: [String] = []
        package var instancesSet: [Instance]

        package init(reservationId: String, ownerId: String, instancesSet: [Instance]) {
            self.reservationId = reservationId
            self.ownerId = ownerId
            self.instancesSet = instancesSet
        }
    }

    /// A state with EC2's number for it.
    package struct State: Codable, Sendable {
        package var code: Int
        package var name: String

        package init(_ state: InstanceState) {
            code = State.code(of: state)
            name = state.rawValue
        }

        package static func code(of state: InstanceState) -> Int {
            switch state {
            case .pending: 0
            case .running: 16
            case .shuttingDown: 32
            case .terminated: 48
            case .stopping: 64
            case .stopped: 80
            }
        }
    }

    package struct StateReason: Codable, Sendable {
        package var code: String
        package var message: String

        package init(code: String, message: String) {
            self.code = code
            self.message = message
        }
    }

    package struct Placement: Codable, Sendable {
        package var availabilityZone: String
        package var groupName = ""
        package var tenancy = "default"

        package init(availabilityZone: String) { self.availabilityZone = availabilityZone }
    }

    package struct Monitoring: Codable, Sendable {
        package var state = "disabled"

        package init() {}
    }

    package struct Instance: Codable, Sendable {
        package var instanceId: String
        package var instanceState: State
        package var launchTime: Date
        package var amiLaunchIndex: Int
        package var placement: Placement
        package var tagSet: [Tag]
        /// The image, of an instance that was launched from one.
        package var imageId: String?
        package var instanceType: String?
        package var keyName: String?
        package var clientToken: String?
        package var privateIpAddress: String?
        package var privateDnsName: String?
        package var ipAddress: String?
        package var dnsName: String?
        package var ipv6Address: String?
        /// Why it is in its state, and when that came about.
        package var reason = ""
        package var stateReason: StateReason?
        package var monitoring = Monitoring()
        package var architecture: String?
        package var platformDetails = "Linux/UNIX"
        package var groupSet: [String] = []
        package var blockDeviceMapping: [String] = []
        package var networkInterfaceSet: [String] = []
        package var productCodes: [String] = []

        package init(
            instanceId: String,
            instanceState: State,
            launchTime: Date,
            amiLaunchIndex: Int,
            placement: Placement,
            tagSet: [Tag]
        ) {
            self.instanceId = instanceId
            self.instanceState = instanceState
            self.launchTime = launchTime
            self.amiLaunchIndex = amiLaunchIndex
            self.placement = placement
            self.tagSet = tagSet
        }
    }

    package struct DescribeInstanceStatus: Request {
        package static let operation = "DescribeInstanceStatus"

        package var instanceId: [String]?
        package var filter: [Filter]?
        package var maxResults: Int?
        package var nextToken: String?
        /// Whether instances are listed that do not run.
        package var includeAllInstances: Bool?
        package var includeManagedResources: Bool?
        package var dryRun: Bool?

        package init() {}

        package struct Response: Codable, Sendable {
            package var instanceStatusSet: [InstanceStatus]
            package var nextToken: String?

            package init(instanceStatusSet: [InstanceStatus], nextToken: String?) {
                self.instanceStatusSet = instanceStatusSet
                self.nextToken = nextToken
            }
        }
    }

    package struct InstanceStatus: Codable, Sendable {
        package var instanceId: String
        package var availabilityZone: String
        package var instanceState: State
        package var instanceStatus: StatusSummary
        package var systemStatus: StatusSummary

        package init(
            instanceId: String,
            availabilityZone: String,
            instanceState: State,
            instanceStatus: StatusSummary,
            systemStatus: StatusSummary
        ) {
            self.instanceId = instanceId
            self.availabilityZone = availabilityZone
            self.instanceState = instanceState
            self.instanceStatus = instanceStatus
            self.systemStatus = systemStatus
        }
    }

    package struct StatusSummary: Codable, Equatable, Sendable {
        package struct Detail: Codable, Equatable, Sendable {
            package var name: String
            package var status: String
        }

        /// `ok`, `impaired`, `initializing`, `insufficient-data` or `not-applicable`.
        package var status: String
        package var details: [Detail]

        /// - Parameter reachability: `passed`, `failed`, `initializing` or `insufficient-data`; nil where it does not apply.
        package init(status: String, reachability: String?) {
            self.status = status
            details = reachability.map { [Detail(name: "reachability", status: $0)] } ?? []
        }
    }
}
