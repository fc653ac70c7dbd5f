// SPDX-License-Identifier: Apache-2.0

/// A script that an agent is to run.
package struct CommandTask: Codable, Sendable {
    package struct Parameters: Codable, Equatable, Sendable {
        /// The script's lines.
        package var commands: [String]
        /// Empty for the agent's own choice.
        package var workingDirectory: String
        /// Seconds, as text.
        package var executionTimeout: String

        package init(commands: [String], workingDirectory: String, executionTimeout: String) {
            self.commands = commands
            self.workingDirectory = workingDirectory
            self.executionTimeout = executionTimeout
        }
    }

    private struct Content: Codable, Sendable {
        struct Kind: Codable, Sendable { var type: String }

        var schemaVersion = "1.2"
        var description = ""
        var runtimeConfig = [CommandDocument.plugin: ["properties": [CommandDocument.Step()]]]
        var parameters = [
            "commands": Kind(type: "StringList"), "workingDirectory": Kind(type: "String"),
            "executionTimeout": Kind(type: "String"),
        ]
    }

    package var parameters: Parameters
    package var commandID: String
    package var documentName: String
    private var content = Content()
    private var bucket = ""
    private var keyPrefix = ""
    private var logGroup = ""
    private var logs = "false"

    private enum CodingKeys: String, CodingKey {
        case parameters = "Parameters"
        case commandID = "CommandId"
        case documentName = "DocumentName"
        case content = "DocumentContent"
        case bucket = "OutputS3BucketName"
        case keyPrefix = "OutputS3KeyPrefix"
        case logGroup = "CloudWatchLogGroupName"
        case logs = "CloudWatchOutputEnabled"
    }

    package init(commandID: String, documentName: String, parameters: Parameters) {
        self.commandID = commandID
        self.documentName = documentName
        self.parameters = parameters
    }
}
