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

package struct CancelCommand: ServiceRequest {
    package static let operation = "CancelCommand"
    package static let isIdempotent = true
    package typealias Response = EmptyResponse

    package var commandId: String
    package var instanceIds: [String]?
}

/// A word of the lists for which ones to tell.
package struct CommandFilterShape: Codable, Sendable {
    package var key: String
    package var value: String
}

package struct ListCommands: ServiceRequest {
    package static let operation = "ListCommands"
    package static let isIdempotent = true

    package var commandId: String?
    package var instanceId: String?
    package var filters: [CommandFilterShape]?
    package var maxResults: Int?
    package var nextToken: String?

    package struct Response: Codable, Sendable {
        package var commands: [SendCommand.Command]
        package var nextToken: String?

        package init(commands: [SendCommand.Command], nextToken: String?) {
            self.commands = commands
            self.nextToken = nextToken
        }
    }
}

package struct ListCommandInvocations: ServiceRequest {
    package static let operation = "ListCommandInvocations"
    package static let isIdempotent = true

    package var commandId: String?
    package var instanceId: String?
    package var filters: [CommandFilterShape]?
    package var maxResults: Int?
    package var nextToken: String?
    /// Whether plugins with their output are told.
    package var details: Bool?

    package struct Plugin: Codable, Sendable {
        package var name: String
        package var status: String
        package var statusDetails: String
        package var responseCode: Int
        package var responseStartDateTime: Date?
        package var responseFinishDateTime: Date?
        /// Both streams as one.
        package var output: String
        package var standardOutputUrl = ""
        package var standardErrorUrl = ""

        package init(
            name: String,
            status: String,
            statusDetails: String,
            responseCode: Int,
            output: String
        ) {
            self.name = name
            self.status = status
            self.statusDetails = statusDetails
            self.responseCode = responseCode
            self.output = output
        }
    }

    package struct Invocation: Codable, Sendable {
        package var commandId: String
        package var instanceId: String
        package var instanceName: String
        package var comment: String
        package var documentName: String
        package var documentVersion = "1"
        package var requestedDateTime: Date
        package var status: String
        package var statusDetails: String
        package var standardOutputUrl = ""
        package var standardErrorUrl = ""
        package var commandPlugins: [Plugin]
        package var serviceRole = ""

        package init(
            commandId: String,
            instanceId: String,
            instanceName: String,
            comment: String,
            documentName: String,
            requestedDateTime: Date,
            status: String,
            statusDetails: String,
            commandPlugins: [Plugin]
        ) {
            self.commandId = commandId
            self.instanceId = instanceId
            self.instanceName = instanceName
            self.comment = comment
            self.documentName = documentName
            self.requestedDateTime = requestedDateTime
            self.status = status
            self.statusDetails = statusDetails
            self.commandPlugins = commandPlugins
        }
    }

    package struct Response: Codable, Sendable {
        package var commandInvocations: [Invocation]
        package var nextToken: String?

        package init(commandInvocations: [Invocation], nextToken: String?) {
            self.commandInvocations = commandInvocations
            self.nextToken = nextToken
        }
    }
}

package struct GetCommandInvocation: ServiceRequest {
    package static let operation = "GetCommandInvocation"
    package static let isIdempotent = true

    package var commandId: String
    package var instanceId: String
    package var pluginName: String?

    package struct Response: Codable, Sendable {
        package var commandId: String
        package var instanceId: String
        package var comment: String
        package var documentName: String
        package var documentVersion = "1"
        package var pluginName: String
        /// -1 until the script has ended.
        package var responseCode: Int
        /// ISO 8601; empty until then.
        package var executionStartDateTime = ""
        package var executionElapsedTime = ""
        package var executionEndDateTime = ""
        package var status: String
        package var statusDetails: String
        package var standardOutputContent: String
        package var standardOutputUrl = ""
        package var standardErrorContent: String
        package var standardErrorUrl = ""

        package init(
            commandId: String,
            instanceId: String,
            comment: String,
            documentName: String,
            pluginName: String,
            responseCode: Int,
            status: String,
            statusDetails: String,
            standardOutputContent: String,
            standardErrorContent: String
        ) {
            self.commandId = commandId
            self.instanceId = instanceId
            self.comment = comment
            self.documentName = documentName
            self.pluginName = pluginName
            self.responseCode = responseCode
            self.status = status
            self.statusDetails = statusDetails
            self.standardOutputContent = standardOutputContent
            self.standardErrorContent = standardErrorContent
        }
    }
}
