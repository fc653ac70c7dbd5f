// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

package struct GetDocument: ServiceRequest {
    package static let operation = "GetDocument"
    package static let isIdempotent = true

    package var name: String
    package var documentVersion: String?
    package var documentFormat: String?

    package struct Response: Codable, Sendable {
        package var name: String
        package var createdDate: Date
        package var documentVersion = "1"
        package var status = "Active"
        package var content: String
        package var documentType: String
        package var documentFormat: String

        package init(name: String, createdDate: Date, content: String, documentType: String, documentFormat: String) {
            self.name = name
            self.createdDate = createdDate
            self.content = content
            self.documentType = documentType
            self.documentFormat = documentFormat
        }
    }
}
