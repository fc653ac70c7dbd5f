// SPDX-License-Identifier: Apache-2.0

package struct CancelCommand: ServiceRequest {
    package static let operation = "CancelCommand"
    package static let isIdempotent = true
    package typealias Response = EmptyResponse

    package var commandId: String
    package var instanceIds: [String]?
}
