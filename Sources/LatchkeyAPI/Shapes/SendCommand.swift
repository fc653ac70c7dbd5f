// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Systems Manager, API version 2014-11-06: Run Command.
package struct SendCommand: ServiceRequest {
    package static let operation = "SendCommand"

    package struct Target: Codable, Sendable {
        package var key: String
        package var values: [String]

        package init(key: String, values: [String]) {
            self.key = key
            self.values = values
        }
    }

    package var instanceIds: [String]?
    package var targets: [Target]?
    package var documentName: String
    package var documentVersion: String?
    package var timeoutSeconds: Int?
    package var comment: String?
    package var parameters: [String: [String]]?
    package var outputS3BucketName: String?
    package var maxConcurrency: String?
    package var maxErrors: String?

    package struct Command: Codable, Sendable {
        package var commandId: String
        package var documentName: String
        package var documentVersion = "1"
        package var comment = ""
        package var expiresAfter: Date
        package var parameters: [String: [String]]
        package var instanceIds: [String]
        package var targets: [Target]
        package var requestedDateTime: Date
        package var status: String
        package var statusDetails: String
        package var outputS3BucketName = ""
        package var outputS3KeyPrefix = ""
        package var maxConcurrency: String
        package var maxErrors: String
        package var targetCount: Int
        package var completedCount: Int
        package var errorCount: Int
        package var deliveryTimedOutCount: Int
        package var serviceRole = ""
        package var timeoutSeconds: Int

        package init(
            commandId: String,
            documentName: String,
            expiresAfter: Date,
            parameters: [String: [String]],
            instanceIds: [String],
            targets: [Target],
            requestedDateTime: Date,
            status: String,
            statusDetails: String,
            maxConcurrency: String,
            maxErrors: String,
            targetCount: Int,
            completedCount: Int,
            errorCount: Int,
            deliveryTimedOutCount: Int,
            timeoutSeconds: Int
        ) {
            self.commandId = commandId
            self.documentName = documentName
            self.expiresAfter = expiresAfter
            self.parameters = parameters
            self.instanceIds = instanceIds
            self.targets = targets
            self.requestedDateTime = requestedDateTime
            self.status = status
            self.statusDetails = statusDetails
            self.maxConcurrency = maxConcurrency
            self.maxErrors = maxErrors
            self.targetCount = targetCount
            self.completedCount = completedCount
            self.errorCount = errorCount
            self.deliveryTimedOutCount = deliveryTimedOutCount
            self.timeoutSeconds = timeoutSeconds
        }
    }

    package struct Response: Codable, Sendable {
        package var command: Command
        package init(command: Command) { self.command = command }
    }
}
