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

package struct DescribeActivations: ServiceRequest {
    package static let operation = "DescribeActivations"

    package struct Filter: Codable, Sendable {
        package var filterKey: String?
        package var filterValues: [String]?
    }

    package var filters: [Filter]?
    package var maxResults: Int?
    package var nextToken: String?

    package struct Activation: Codable, Sendable {
        package var activationId: String
        package var description: String?
        package var defaultInstanceName: String?
        package var iamRole: String?
        package var registrationLimit: Int
        package var registrationsCount: Int
        package var expirationDate: Date
        package var expired: Bool
        package var createdDate: Date
        package var tags: [TagShape]

        package init(
            activationId: String,
            registrationLimit: Int,
            registrationsCount: Int,
            expirationDate: Date,
            expired: Bool,
            createdDate: Date,
            tags: [TagShape]
        ) {
            self.activationId = activationId
            self.registrationLimit = registrationLimit
            self.registrationsCount = registrationsCount
            self.expirationDate = expirationDate
            self.expired = expired
            self.createdDate = createdDate
            self.tags = tags
        }
    }

    package struct Response: Codable, Sendable {
        package var activationList: [Activation]
        package var nextToken: String?

        package init(activationList: [Activation], nextToken: String?) {
            self.activationList = activationList
            self.nextToken = nextToken
        }
    }
}

/// The answer to operations that have nothing to say.
package struct EmptyResponse: Codable, Sendable {
    package init() {}
}

package struct DeleteActivation: ServiceRequest {
    package static let operation = "DeleteActivation"
    package typealias Response = EmptyResponse

    package var activationId: String
}

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

package struct UpdateInstanceInformation: ServiceRequest {
    package static let operation = "UpdateInstanceInformation"
    package typealias Response = EmptyResponse

    package var instanceId: String?
    package var agentName: String?
    package var agentStatus: String?
    package var agentVersion: String?
    package var computerName: String?
    package var iPAddress: String?
    package var platformName: String?
    package var platformType: String?
    package var platformVersion: String?
    /// Latchkey's own: lines as in `/etc/ssh/ssh_host_*_key.pub`.
    package var latchkeyHostKeys: [String]?
    /// Latchkey's own: every address that others could reach the instance at.
    package var latchkeyAddresses: [String]?
    /// Latchkey's own: the port that sshd listens on.
    package var latchkeyPort: Int?
    /// Latchkey's own: another one for each process of an agent.
    package var latchkeyProcess: String?

    package init() {}
}

package struct DescribeInstanceInformation: ServiceRequest {
    package static let operation = "DescribeInstanceInformation"
    package static let isIdempotent = true

    package struct Filter: Codable, Sendable {
        /// `Filters` says `Key` and `Values`, the older `InstanceInformationFilterList` says `key` and `valueSet`.
        package var key: String?
        package var values: [String]?
        package var valueSet: [String]?

        package init(key: String, values: [String]) {
            self.key = key
            self.values = values
        }
    }

    package var filters: [Filter]?
    package var instanceInformationFilterList: [Filter]?
    package var maxResults: Int?
    package var nextToken: String?

    package init() {}

    package struct Information: Codable, ListedRecord {
        package var instanceId: String
        /// `Online` or `ConnectionLost`.
        package var pingStatus: String
        package var lastPingDateTime: Date?
        package var agentVersion: String?
        package var isLatestVersion: Bool? = true
        package var platformType: String?
        package var platformName: String?
        package var platformVersion: String?
        package var activationId: String?
        package var registrationDate: Date?
        package var resourceType: String? = "ManagedInstance"
        package var name: String?
        package var iPAddress: String?
        package var computerName: String?

        package var texts: [String?] {
            [
                instanceId, pingStatus, agentVersion, platformType, platformName, platformVersion, activationId,
                resourceType,
                name, iPAddress, computerName,
            ]
        }

        package init(instanceId: String, pingStatus: String) {
            self.instanceId = instanceId
            self.pingStatus = pingStatus
        }
    }

    package struct Response: Codable, Sendable {
        package var instanceInformationList: RecordList<Information>
        package var nextToken: String?

        package init(instanceInformationList: [Information], nextToken: String?) {
            self.instanceInformationList = RecordList(instanceInformationList)
            self.nextToken = nextToken
        }
    }
}

package struct GetMessages: ServiceRequest {
    package static let operation = "GetMessages"

    package var destination: String?
    package var messagesRequestId: String?

    package struct Response: Codable, Sendable {
        package var destination: String
        package var messages: [String]
        package var messagesRequestId: String

        package init(destination: String, messagesRequestId: String) {
            self.destination = destination
            messages = []
            self.messagesRequestId = messagesRequestId
        }
    }
}
