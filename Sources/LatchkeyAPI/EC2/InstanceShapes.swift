// SPDX-License-Identifier: Apache-2.0

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
        package var groupSet: [GroupIdentifier] = []
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
        package var availabilityZoneId: String
        package var `operator` = Operator()
        package var instanceState: State
        package var instanceStatus: StatusSummary
        package var systemStatus: StatusSummary
        package var attachedEbsStatus: StatusSummary

        package init(
            instanceId: String,
            placement: Placement,
            instanceState: State,
            instanceStatus: StatusSummary,
            systemStatus: StatusSummary
        ) {
            self.instanceId = instanceId
            availabilityZone = placement.availabilityZone
            availabilityZoneId = placement.availabilityZoneId
            self.instanceState = instanceState
            self.instanceStatus = instanceStatus
            self.systemStatus = systemStatus
            attachedEbsStatus = systemStatus
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
