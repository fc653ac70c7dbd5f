// SPDX-License-Identifier: Apache-2.0

package struct DeregisterManagedInstance: ServiceRequest {
    package static let operation = "DeregisterManagedInstance"
    package typealias Response = EmptyResponse

    package var instanceId: String
}
