// SPDX-License-Identifier: Apache-2.0

package struct AddTagsToResource: ServiceRequest {
    package static let operation = "AddTagsToResource"
    package static let isIdempotent = true
    package typealias Response = EmptyResponse

    package var resourceType: String
    package var resourceId: String
    package var tags: [TagShape]
}
