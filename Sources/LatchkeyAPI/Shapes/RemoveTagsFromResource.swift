// SPDX-License-Identifier: Apache-2.0

package struct RemoveTagsFromResource: ServiceRequest {
    package static let operation = "RemoveTagsFromResource"
    package static let isIdempotent = true
    package typealias Response = EmptyResponse

    package var resourceType: String
    package var resourceId: String
    package var tagKeys: [String]
}
