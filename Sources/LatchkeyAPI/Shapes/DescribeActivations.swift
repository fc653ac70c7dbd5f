// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

package struct DescribeActivations: ServiceRequest {
    package static let operation = "DescribeActivations"

    package struct Filter: Codable, Sendable {
        package var filterKey: String?
        package var filterValues: [String]?
    }

    package var filters: [Filter]?
    package var maxResults: Int?
    package var nextToken: String?

    package struct Activation: Codable, Sendable {
        package var activationId: String
        package var description: String?
        package var defaultInstanceName: String?
        package var iamRole: String?
        package var registrationLimit: Int
        package var registrationsCount: Int
        package var expirationDate: Date
        package var expired: Bool
        package var createdDate: Date
        package var tags: [TagShape]

        package init(
            activationId: String,
            registrationLimit: Int,
            registrationsCount: Int,
            expirationDate: Date,
            expired: Bool,
            createdDate: Date,
            tags: [TagShape]
        ) {
            self.activationId = activationId
            self.registrationLimit = registrationLimit
            self.registrationsCount = registrationsCount
            self.expirationDate = expirationDate
            self.expired = expired
            self.createdDate = createdDate
            self.tags = tags
        }
    }

    package struct Response: Codable, Sendable {
        package var activationList: [Activation]
        package var nextToken: String?

        package init(activationList: [Activation], nextToken: String?) {
            self.activationList = activationList
            self.nextToken = nextToken
        }
    }
}
