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
