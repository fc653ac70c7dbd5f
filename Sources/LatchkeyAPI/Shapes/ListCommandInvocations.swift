// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

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
