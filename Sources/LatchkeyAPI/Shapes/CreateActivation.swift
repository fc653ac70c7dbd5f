// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Systems Manager, API version 2014-11-06: activations and the agents that use them.
package struct CreateActivation: ServiceRequest {
    package static let operation = "CreateActivation"

    package var description: String?
    package var defaultInstanceName: String?
    package var iamRole: String?
    package var registrationLimit: Int?
    package var expirationDate: Date?
    package var tags: [TagShape]?

    package struct Response: Codable, Sendable {
        package var activationId: String
        package var activationCode: String

        package init(activationId: String, activationCode: String) {
            self.activationId = activationId
            self.activationCode = activationCode
        }
    }
}
