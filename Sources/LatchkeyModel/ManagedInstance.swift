// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The agent's side of an instance.
package struct ManagedInstance: Codable, Equatable, Sendable {
    /// What an agent says of itself and its machine, unchecked: not safe for a terminal. Nil is what it did not say.
    package struct Report: Codable, Equatable, Sendable {
        package var agentName: String?
        package var agentVersion: String?
        package var platformName: String?
        /// `Linux`, `MacOS` or `Windows`.
        package var platformType: String?
        package var platformVersion: String?
        package var ipAddress: String?
        package var computerName: String?

        package init(
            agentName: String? = nil,
            agentVersion: String? = nil,
            platformName: String? = nil,
            platformType: String? = nil,
            platformVersion: String? = nil,
            ipAddress: String? = nil,
            computerName: String? = nil
        ) {
            self.agentName = agentName
            self.agentVersion = agentVersion
            self.platformName = platformName
            self.platformType = platformType
            self.platformVersion = platformVersion
            self.ipAddress = ipAddress
            self.computerName = computerName
        }
    }

    package let instanceID: Instance.ID
    /// The key that the agent signs its requests with, as a SubjectPublicKeyInfo; empty if it has none.
    package let publicKeyDER: [UInt8]
    /// What the agent tells its machine by; it says it itself.
    package let machineFingerprint: String
    /// The activation that it registered with, which may be gone; nil if there was none.
    package let activationID: Activation.ID?
    package let registered: Date
    /// When the agent was last heard of; nil if it never was.
    package var lastPing: Date?
    package var report: Report

    package init(
        instanceID: Instance.ID,
        publicKeyDER: [UInt8] = [],
        machineFingerprint: String,
        activationID: Activation.ID? = nil,
        registered: Date,
        lastPing: Date? = nil,
        report: Report = Report()
    ) {
        self.instanceID = instanceID
        self.publicKeyDER = publicKeyDER
        self.machineFingerprint = machineFingerprint
        self.activationID = activationID
        self.registered = registered
        self.lastPing = lastPing
        self.report = report
    }
}
