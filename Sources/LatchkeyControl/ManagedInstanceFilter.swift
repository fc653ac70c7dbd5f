// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import GRDB

/// What agents to list: those that have one of the values.
package enum ManagedInstanceFilter: Sendable {
    case instanceIDs([String])
    case activationIDs([String])
    case agentVersions([String])
    case platformTypes([String])
    /// Heard of at this date or later.
    case pinged(since: Date)
    /// Not heard of since this date, or never.
    case notPinged(since: Date)

    /// From those words of DescribeInstanceInformation that need no clock: InstanceIds, ActivationIds, AgentVersion and
    /// PlatformTypes.
    ///
    /// - Returns: nil for any other key.
    package init?(key: String, values: [String]) {
        switch key {
        case "InstanceIds": self = .instanceIDs(values)
        case "ActivationIds": self = .activationIDs(values)
        case "AgentVersion": self = .agentVersions(values)
        case "PlatformTypes": self = .platformTypes(values)
        default: return nil
        }
    }

    func add(to conditions: inout Conditions) {
        switch self {
        case .instanceIDs(let values): conditions.add("instanceID", isOneOf: values)
        case .activationIDs(let values): conditions.add("activationID", isOneOf: values)
        case .agentVersions(let values): conditions.add("agentVersion", isOneOf: values)
        case .platformTypes(let values): conditions.add("platformType", isOneOf: values)
        case .pinged(let date): conditions.add("lastPing >= ?", [date.milliseconds])
        case .notPinged(let date): conditions.add("lastPing IS NULL OR lastPing < ?", [date.milliseconds])
        }
    }
}
