// SPDX-License-Identifier: Apache-2.0

/// Lets a key in for a user of an instance, for 60 seconds.
package struct SendSSHPublicKey: ServiceRequest {
    package static let operation = "SendSSHPublicKey"
    package static let target = ServiceTarget(service: "ec2-instance-connect", prefix: "AWSEC2InstanceConnectService")

    package var instanceId: String
    package var instanceOSUser: String
    /// A line as in `authorized_keys`, without options.
    package var sSHPublicKey: String
    package var availabilityZone: String?

    package init(instanceID: String, user: String, publicKey: String) {
        instanceId = instanceID
        instanceOSUser = user
        sSHPublicKey = publicKey
    }

    package struct Response: Codable, Sendable {
        package var requestId: String
        package var success: Bool

        package init(requestID: String, success: Bool) {
            requestId = requestID
            self.success = success
        }
    }
}

/// Latchkey's own: what an agent asks when its sshd asks it which keys a user has just now.
package struct ListPushedKeys: ServiceRequest {
    package static let operation = "LatchkeyListPushedKeys"

    package var user: String

    package init(user: String) { self.user = user }

    package struct Response: Codable, Sendable {
        /// Lines as in `authorized_keys`.
        package var keys: [String]
        /// How many milliseconds longer each of them is let in; nil from a latchkeyd that does not say.
        package var millisecondsLeft: [Int64]?

        package init(keys: [(line: String, millisecondsLeft: Int64)]) {
            self.keys = keys.map(\.line)
            millisecondsLeft = keys.map(\.millisecondsLeft)
        }
    }
}
