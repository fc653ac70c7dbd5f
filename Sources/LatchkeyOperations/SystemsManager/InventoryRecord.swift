// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI
internal import LatchkeyModel
internal import LatchkeyStore

/// What is told of an agent's machine.
struct InventoryRecord {
    static let type = "AWS:InstanceInformation"
    static let version = "1.0"

    let content: [String: String]
    private let captured: Date

    init(_ agent: ManagedInstance) {
        let (report, id) = (agent.report, agent.instanceID)
        let all: [String: String?] = [
            "AgentType": report.agentName, "AgentVersion": report.agentVersion, "ComputerName": report.computerName,
            "InstanceId": id, "InstanceStatus": "Active", "IpAddress": report.ipAddress,
            "PlatformName": report.platformName, "PlatformType": report.platformType,
            "PlatformVersion": report.platformVersion, "ResourceType": ManagedInstanceFilter.resourceType(of: id),
        ]
        content = all.compactMapValues { $0 }
        captured = agent.lastPing ?? agent.registered
    }

    var item: GetInventory.Item {
        GetInventory.Item(
            typeName: InventoryRecord.type,
            schemaVersion: InventoryRecord.version,
            captureTime: captured.formatted(.iso8601),
            content: [content]
        )
    }

    /// - Throws: `InvalidTypeNameException` for what can be no type's name. Of types that are not reported there is nothing.
    static func checkType(_ name: String) throws(ServiceError) {
        guard name.hasPrefix("AWS:") || name.hasPrefix("Custom:"), name.utf8.count <= 100 else {
            throw ServiceError(
                code: "InvalidTypeNameException",
                message: "'\(name.cut(to: .quotation))' is not a type of inventory"
            )
        }
    }
}
