// SPDX-License-Identifier: Apache-2.0

package struct DeleteActivation: ServiceRequest {
    package static let operation = "DeleteActivation"
    package typealias Response = EmptyResponse

    package var activationId: String
}
