// SPDX-License-Identifier: Apache-2.0

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
