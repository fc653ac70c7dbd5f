// SPDX-License-Identifier: Apache-2.0

/// Systems Manager, API version 2014-11-06: tags of its resources, and the end of one.
package struct ListTagsForResource: ServiceRequest {
    package static let operation = "ListTagsForResource"
    package static let isIdempotent = true

    /// `ManagedInstance` or `Document`.
    package var resourceType: String
    package var resourceId: String

    package struct Response: Codable, Sendable {
        package var tagList: [TagShape]
        package init(tagList: [TagShape]) { self.tagList = tagList }
    }
}
