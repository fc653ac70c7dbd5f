// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Systems Manager, API version 2014-11-06: documents.
package struct ListDocuments: ServiceRequest {
    package static let operation = "ListDocuments"
    package static let isIdempotent = true

    package struct Filter: Codable, Sendable {
        /// `Filters` says `Key` and `Values`, the older `DocumentFilterList` says `key` and `value`.
        package var key: String?
        package var values: [String]?
        package var value: String?
    }

    package var filters: [Filter]?
    package var documentFilterList: [Filter]?
    package var maxResults: Int?
    package var nextToken: String?

    package struct Identifier: Codable, Sendable {
        package var name: String
        package var createdDate: Date
        package var owner = "Amazon"
        package var platformTypes: [String]
        package var documentVersion = "1"
        package var documentType: String
        package var schemaVersion: String
        package var documentFormat = "JSON"
        package var tags: [TagShape] = []

        package init(
            name: String,
            createdDate: Date,
            platformTypes: [String],
            documentType: String,
            schemaVersion: String
        ) {
            self.name = name
            self.createdDate = createdDate
            self.platformTypes = platformTypes
            self.documentType = documentType
            self.schemaVersion = schemaVersion
        }
    }

    package struct Response: Codable, Sendable {
        package var documentIdentifiers: [Identifier]
        package var nextToken: String?

        package init(documentIdentifiers: [Identifier], nextToken: String?) {
            self.documentIdentifiers = documentIdentifiers
            self.nextToken = nextToken
        }
    }
}

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
