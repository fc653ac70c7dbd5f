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
