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
