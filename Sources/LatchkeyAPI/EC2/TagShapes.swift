// SPDX-License-Identifier: Apache-2.0

extension EC2 {
    package struct CreateTags: Request {
        package static let operation = "CreateTags"
        package typealias Response = Done

        package var resourceId: [String]
        package var tag: [TagRequest]
        package var dryRun: Bool?

        package init(resourceId: [String], tag: [TagRequest]) {
            self.resourceId = resourceId
            self.tag = tag
        }
    }

    package struct DeleteTags: Request {
        package static let operation = "DeleteTags"
        package typealias Response = Done

        package var resourceId: [String]
        /// A tag with a value goes only if it has that value; nil takes all of them.
        package var tag: [TagRequest]?
        package var dryRun: Bool?

        package init(resourceId: [String], tag: [TagRequest]?) {
            self.resourceId = resourceId
            self.tag = tag
        }
    }

    package struct DescribeTags: Request {
        package static let operation = "DescribeTags"

        package var filter: [Filter]?
        package var maxResults: Int?
        package var nextToken: String?
        package var dryRun: Bool?

        package init() {}

        package struct Response: Codable, Sendable {
            package var tagSet: [Description]
            package var nextToken: String?

            package init(tagSet: [Description], nextToken: String?) {
                self.tagSet = tagSet
                self.nextToken = nextToken
            }
        }

        package struct Description: Codable, Sendable {
            package var resourceId: String
            package var resourceType: String
            package var key: String
            package var value: String

            package init(resourceId: String, resourceType: String, key: String, value: String) {
                self.resourceId = resourceId
                self.resourceType = resourceType
                self.key = key
                self.value = value
            }
        }
    }
}
