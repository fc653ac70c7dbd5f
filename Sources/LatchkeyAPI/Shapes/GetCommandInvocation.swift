// SPDX-License-Identifier: Apache-2.0

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
