// SPDX-License-Identifier: Apache-2.0

/// Systems Manager, API version 2014-11-06: what agents report of their machines.
package struct GetInventory: ServiceRequest {
    package static let operation = "GetInventory"
    package static let isIdempotent = true

    package struct ResultAttribute: Codable, Sendable {
        package var typeName: String
    }

    package struct Aggregator: Codable, Sendable {
        package var expression: String?
    }

    package var filters: [InventoryFilter]?
    package var aggregators: [Aggregator]?
    package var resultAttributes: [ResultAttribute]?
    package var maxResults: Int?
    package var nextToken: String?

    package struct Entity: Codable, Sendable {
        package var id: String
        package var data: [String: Item]

        package init(id: String, data: [String: Item]) {
            self.id = id
            self.data = data
        }
    }

    package struct Item: Codable, Sendable {
        package var typeName: String
        package var schemaVersion: String
        package var captureTime: String
        package var content: [[String: String]]

        package init(typeName: String, schemaVersion: String, captureTime: String, content: [[String: String]]) {
            self.typeName = typeName
            self.schemaVersion = schemaVersion
            self.captureTime = captureTime
            self.content = content
        }
    }

    package struct Response: Codable, Sendable {
        package var entities: [Entity]
        package var nextToken: String?

        package init(entities: [Entity], nextToken: String?) {
            self.entities = entities
            self.nextToken = nextToken
        }
    }
}

package struct InventoryFilter: Codable, Sendable {
    /// A type and an attribute of it, for example `AWS:InstanceInformation.PlatformType`.
    package var key: String
    package var values: [String]?
    /// `Equal`, if nothing else is said.
    package var type: String?
}

package struct ListInventoryEntries: ServiceRequest {
    package static let operation = "ListInventoryEntries"
    package static let isIdempotent = true

    package var instanceId: String
    package var typeName: String
    package var filters: [InventoryFilter]?
    package var maxResults: Int?
    package var nextToken: String?

    package struct Response: Codable, Sendable {
        package var typeName: String
        package var instanceId: String
        package var schemaVersion: String
        package var captureTime: String?
        package var entries: [[String: String]]

        package init(
            typeName: String,
            instanceId: String,
            schemaVersion: String,
            captureTime: String?,
            entries: [[String: String]]
        ) {
            self.typeName = typeName
            self.instanceId = instanceId
            self.schemaVersion = schemaVersion
            self.captureTime = captureTime
            self.entries = entries
        }
    }
}
