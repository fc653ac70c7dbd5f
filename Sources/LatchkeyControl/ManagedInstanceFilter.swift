// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB
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

    func add(to conditions: inout Conditions) throws {
        switch self {
        case .instanceIDs(let values):
            conditions.add("instanceID IN (SELECT value FROM json_each(?))", [try Store.json(values)])
        case .notInstanceIDs(let values):
            conditions.add("instanceID NOT IN (SELECT value FROM json_each(?))", [try Store.json(values)])
        case .activationIDs(let values): conditions.add("activationID", isOneOf: values)
        case .agentVersions(let values): conditions.add("agentVersion", isOneOf: values)
        case .platformTypes(let values): conditions.add("platformType", isOneOf: values)
        case .resourceTypes(let values):
            let type = "CASE WHEN instanceID GLOB 'mi-*' THEN 'ManagedInstance' ELSE 'EC2Instance' END"
            conditions.add(type, isOneOf: values)
        case .tag(let key, let values):
            var inner = Conditions()
            inner.add("key = ?", [key])
            inner.add("value", isOneOf: values)
            conditions.add("instanceID IN (SELECT instanceID FROM instanceTag \(inner.clause))", inner.arguments)
        case .tagKeys(let values):
            var inner = Conditions()
            inner.add("key", isOneOf: values)
            conditions.add("instanceID IN (SELECT instanceID FROM instanceTag \(inner.clause))", inner.arguments)
        case .nothing: conditions.add("FALSE")
        case .pinged(let date): conditions.add("lastPing >= ?", [date.milliseconds])
        case .notPinged(let date): conditions.add("lastPing IS NULL OR lastPing < ?", [date.milliseconds])
        }
    }
}
