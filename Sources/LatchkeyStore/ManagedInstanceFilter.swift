// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// What agents to list: those that have one of the values.
package enum ManagedInstanceFilter: Sendable {
    case instanceIDs([String])
    case notInstanceIDs([String])
    case activationIDs([String])
    case agentVersions([String])
    case platformTypes([String])
    /// Systems Manager's words for what EC2 launched, and for what registered itself.
    case resourceTypes([String])
    case tag(key: String, values: [String])
    case tagKeys([String])
    /// What no agent has.
    case nothing
    /// Heard of at this date or later.
    case pinged(since: Date)
    /// Not heard of since this date, or never.
    case notPinged(since: Date)

    /// From those words of DescribeInstanceInformation that need no clock and no connection, which are all but PingStatus.
    ///
    /// - Returns: nil for any other key.
    package init?(key: String, values: [String]) {
        if key.hasPrefix("tag:") {
            self = .tag(key: String(key.dropFirst("tag:".count)), values: values)
            return
        }
        switch key {
        case "InstanceIds": self = .instanceIDs(values)
        case "ActivationIds": self = .activationIDs(values)
        case "AgentVersion": self = .agentVersions(values)
        case "PlatformType", "PlatformTypes": self = .platformTypes(values)
        case "ResourceType": self = .resourceTypes(values)
        case "tag-key": self = .tagKeys(values)
        case "AssociationStatus", "IamRole", "SourceIds", "SourceTypes": self = .nothing
        default: return nil
        }
    }

    /// What Systems Manager calls the kind of an instance.
    package static func resourceType(of id: Instance.ID) -> String {
        id.hasPrefix(Identifier.managedInstancePrefix) ? "ManagedInstance" : "EC2Instance"
    }
}
