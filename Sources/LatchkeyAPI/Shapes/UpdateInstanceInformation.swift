// SPDX-License-Identifier: Apache-2.0

package struct UpdateInstanceInformation: ServiceRequest {
    package static let operation = "UpdateInstanceInformation"
    package typealias Response = EmptyResponse

    package var instanceId: String?
    package var agentName: String?
    package var agentStatus: String?
    package var agentVersion: String?
    package var computerName: String?
    package var iPAddress: String?
    package var platformName: String?
    package var platformType: String?
    package var platformVersion: String?
    /// Latchkey's own: lines as in `/etc/ssh/ssh_host_*_key.pub`.
    package var latchkeyHostKeys: [String]?
    /// Latchkey's own: every address that others could reach the instance at.
    package var latchkeyAddresses: [String]?
    /// Latchkey's own: the port that sshd listens on.
    package var latchkeyPort: Int?
    /// Latchkey's own: another one for each process of an agent.
    package var latchkeyProcess: String?

    package init() {}
}
