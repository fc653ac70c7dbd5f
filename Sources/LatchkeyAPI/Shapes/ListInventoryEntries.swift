// SPDX-License-Identifier: Apache-2.0

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
