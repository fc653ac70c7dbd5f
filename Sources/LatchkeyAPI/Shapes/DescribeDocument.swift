// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

package struct DescribeDocument: ServiceRequest {
    package static let operation = "DescribeDocument"
    package static let isIdempotent = true

    package var name: String
    package var documentVersion: String?

    package struct Parameter: Codable, Sendable {
        package var name: String
        package var type: String
        package var description: String
        package var defaultValue: String?

        package init(name: String, type: String, description: String, defaultValue: String?) {
            self.name = name
            self.type = type
            self.description = description
            self.defaultValue = defaultValue
        }
    }

    package struct Document: Codable, Sendable {
        /// SHA-256 of the content, in hexadecimal digits.
        package var hash: String
        package var hashType = "Sha256"
        package var name: String
        package var owner = "Amazon"
        package var createdDate: Date
        package var status = "Active"
        package var documentVersion = "1"
        package var description: String
        package var parameters: [Parameter]
        package var platformTypes: [String]
        package var documentType: String
        package var schemaVersion: String
        package var latestVersion = "1"
        package var defaultVersion = "1"
        package var documentFormat = "JSON"
        package var tags: [TagShape] = []

        package init(
            hash: String,
            name: String,
            createdDate: Date,
            description: String,
            parameters: [Parameter],
            platformTypes: [String],
            documentType: String,
            schemaVersion: String
        ) {
            self.hash = hash
            self.name = name
            self.createdDate = createdDate
            self.description = description
            self.parameters = parameters
            self.platformTypes = platformTypes
            self.documentType = documentType
            self.schemaVersion = schemaVersion
        }
    }

    package struct Response: Codable, Sendable {
        package var document: Document
        package init(document: Document) { self.document = document }
    }
}
