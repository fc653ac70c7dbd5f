// SPDX-License-Identifier: Apache-2.0

package struct RegisterManagedInstance: ServiceRequest {
    package static let operation = "RegisterManagedInstance"

    package var activationId: String
    package var activationCode: String
    package var fingerprint: String
    /// SubjectPublicKeyInfo in base64.
    package var publicKey: String
    package var publicKeyType: String?
    /// Latchkey's own: its agent may be that of an instance which is known already.
    package var latchkeyJoins: Bool?

    package init(activationId: String, activationCode: String, fingerprint: String, publicKey: String) {
        self.activationId = activationId
        self.activationCode = activationCode
        self.fingerprint = fingerprint
        self.publicKey = publicKey
        publicKeyType = "Rsa"
        latchkeyJoins = true
    }

    package struct Response: Codable, Sendable {
        package var instanceId: String
        package init(instanceId: String) { self.instanceId = instanceId }
    }
}
