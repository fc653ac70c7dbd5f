// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension EC2 {
    /// What became of an instance's state.
    package struct StateChange: Codable, Sendable {
        package var instanceId: String
        package var currentState: State
        package var previousState: State

        package init(instanceId: String, currentState: State, previousState: State) {
            self.instanceId = instanceId
            self.currentState = currentState
            self.previousState = previousState
        }
    }

    package struct StateChanges: Codable, Sendable {
        package var instancesSet: [StateChange]

        package init(instancesSet: [StateChange]) { self.instancesSet = instancesSet }
    }

    package struct StartInstances: Request {
        package static let operation = "StartInstances"
        package typealias Response = StateChanges

        package var instanceId: [String]?
        package var dryRun: Bool?

        package init(instanceId: [String]) { self.instanceId = instanceId }
    }

    package struct StopInstances: Request {
        package static let operation = "StopInstances"
        package typealias Response = StateChanges

        package var instanceId: [String]?
        package var force: Bool?
        /// Whether the machine gets no time to stop in order.
        package var skipOsShutdown: Bool?
        /// Whether its memory is to be kept, which no container's is.
        package var hibernate: Bool?
        package var dryRun: Bool?

        package init(instanceId: [String]) { self.instanceId = instanceId }
    }

    package struct RebootInstances: Request {
        package static let operation = "RebootInstances"
        package typealias Response = Done

        package var instanceId: [String]?
        package var dryRun: Bool?

        package init(instanceId: [String]) { self.instanceId = instanceId }
    }

    package struct TerminateInstances: Request {
        package static let operation = "TerminateInstances"
        package typealias Response = StateChanges

        package var instanceId: [String]?
        package var force: Bool?
        package var skipOsShutdown: Bool?
        package var dryRun: Bool?

        package init(instanceId: [String]) { self.instanceId = instanceId }
    }

    package struct GetConsoleOutput: Request {
        package static let operation = "GetConsoleOutput"

        package var instanceId: String
        /// It is always the latest.
        package var latest: Bool?
        package var dryRun: Bool?

        package init(instanceId: String) { self.instanceId = instanceId }

        package struct Response: Codable, Sendable {
            package var instanceId: String
            package var timestamp: Date
            /// In base64.
            package var output: String?

            package init(instanceId: String, timestamp: Date, output: String?) {
                self.instanceId = instanceId
                self.timestamp = timestamp
                self.output = output
            }
        }
    }

    package struct GetPasswordData: Request {
        package static let operation = "GetPasswordData"

        package var instanceId: String
        package var dryRun: Bool?

        package init(instanceId: String) { self.instanceId = instanceId }

        package struct Response: Codable, Sendable {
            package var instanceId: String
            package var timestamp: Date
            /// Encrypted and in base64; empty where there is no password.
            package var passwordData: String

            package init(instanceId: String, timestamp: Date, passwordData: String) {
                self.instanceId = instanceId
                self.timestamp = timestamp
                self.passwordData = passwordData
            }
        }
    }
}
