// SPDX-License-Identifier: Apache-2.0

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
