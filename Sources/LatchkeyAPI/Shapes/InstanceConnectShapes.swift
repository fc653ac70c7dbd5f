// SPDX-License-Identifier: Apache-2.0

/// EC2 Instance Connect, API version 2018-04-02: lets a key in for a minute.
package struct SendSSHPublicKey: ServiceRequest {
    package static let operation = "SendSSHPublicKey"
    /// What stands before the operation in `X-Amz-Target`.
    package static let targetPrefix = "AWSEC2InstanceConnectService"

    package var instanceId: String
    package var instanceOSUser: String
    /// An OpenSSH line.
    package var sSHPublicKey: String
    package var availabilityZone: String?

    package init(instanceId: String, instanceOSUser: String, sSHPublicKey: String) {
        self.instanceId = instanceId
        self.instanceOSUser = instanceOSUser
        self.sSHPublicKey = sSHPublicKey
    }

    package struct Response: Codable, Sendable {
        package var requestId: String
        package var success: Bool

        package init(requestId: String, success: Bool) {
            self.requestId = requestId
            self.success = success
        }
    }
}
