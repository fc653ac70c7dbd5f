// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

package struct RequestManagedInstanceRoleToken: ServiceRequest {
    package static let operation = "RequestManagedInstanceRoleToken"

    package var fingerprint: String?

    package init(fingerprint: String) { self.fingerprint = fingerprint }

    package struct Response: Codable, Sendable {
        package var accessKeyId: String
        package var secretAccessKey: String
        package var sessionToken: String
        package var updateKeyPair: Bool
        package var tokenExpirationDate: Date

        package init(accessKeyId: String, secretAccessKey: String, sessionToken: String, tokenExpirationDate: Date) {
            self.accessKeyId = accessKeyId
            self.secretAccessKey = secretAccessKey
            self.sessionToken = sessionToken
            updateKeyPair = false
            self.tokenExpirationDate = tokenExpirationDate
        }
    }
}
