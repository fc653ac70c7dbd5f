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

package struct AddTagsToResource: ServiceRequest {
    package static let operation = "AddTagsToResource"
    package static let isIdempotent = true
    package typealias Response = EmptyResponse

    package var resourceType: String
    package var resourceId: String
    package var tags: [TagShape]
}

package struct RemoveTagsFromResource: ServiceRequest {
    package static let operation = "RemoveTagsFromResource"
    package static let isIdempotent = true
    package typealias Response = EmptyResponse

    package var resourceType: String
    package var resourceId: String
    package var tagKeys: [String]
}

package struct DeregisterManagedInstance: ServiceRequest {
    package static let operation = "DeregisterManagedInstance"
    package typealias Response = EmptyResponse

    package var instanceId: String
}
