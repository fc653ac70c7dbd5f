// SPDX-License-Identifier: Apache-2.0

/// `agent_job`: the relay tells an agent to run a command, or to end one.
package struct JobEnvelope: Codable, Sendable {
    package static let sendTopic = "aws.ssm.sendCommand"
    package static let cancelTopic = "aws.ssm.cancelCommand"

    package var schemaVersion = 1
    package var jobID: String
    /// Begins with one of the two.
    package var topic: String
    /// A ``CommandTask`` or a ``CommandCancellation`` as JSON text.
    package var content: String

    private enum CodingKeys: String, CodingKey {
        case schemaVersion = "SchemaVersion"
        case jobID = "JobId"
        case topic = "Topic"
        case content = "Content"
    }

    package init(jobID: String, topic: String, content: String) {
        self.jobID = jobID
        self.topic = topic
        self.content = content
    }

    /// What agents take a job's command from: `aws.ssm.COMMAND.INSTANCE`.
    package static func id(ofCommand commandID: String, on instanceID: String) -> String {
        "aws.ssm.\(commandID).\(instanceID)"
    }

    /// The command of a job's id; nil for what is none.
    package static func commandID(_ jobID: String) -> String? {
        let parts = jobID.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "aws", parts[1] == "ssm", !parts[2].isEmpty else { return nil }
        return String(parts[2])
    }
}

/// `agent_job_ack`: the agent has a job, or does not take it.
package struct JobAcknowledgeContent: Codable, Sendable {
    package static let taken = "200"

    package var jobID: String
    package var messageID: String
    package var created: String
    /// ``taken``, or why not.
    package var statusCode: String
    package var errorMessage: String

    private enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case messageID = "acknowledgedMessageId"
        case created = "createdDate"
        case statusCode
        case errorMessage
    }

    package init(jobID: String, messageID: String, created: String) {
        self.jobID = jobID
        self.messageID = messageID
        self.created = created
        statusCode = JobAcknowledgeContent.taken
        errorMessage = ""
    }
}

/// `agent_job_reply`: what has become of a job.
package struct JobReplyContent: Codable, Sendable {
    package var schemaVersion = 1
    package var jobID: String
    /// A ``CommandReply`` as JSON text.
    package var content: String
    package var topic: String

    private enum CodingKeys: String, CodingKey {
        case schemaVersion
        case jobID = "jobId"
        case content
        case topic
    }

    package init(jobID: String, content: String) {
        self.jobID = jobID
        self.content = content
        topic = JobEnvelope.sendTopic
    }
}

/// `agent_job_reply_ack`: without it a reply is sent again.
package struct JobReplyAcknowledgeContent: Codable, Sendable {
    package var jobID: String
    package var messageID: String

    private enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case messageID = "acknowledgedMessageId"
    }

    package init(jobID: String, messageID: String) {
        self.jobID = jobID
        self.messageID = messageID
    }
}

/// The document that runs a script, in the shape that the official agent reads (schema 1.2).
package enum CommandDocument {
    package static let plugin = "aws:runShellScript"

    package struct Step: Codable, Sendable {
        package var id = "0.aws:runShellScript"
        package var runCommand = "{{ commands }}"
        package var workingDirectory = "{{ workingDirectory }}"
        package var timeoutSeconds = "{{ executionTimeout }}"

        package init() {}
    }
}

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

/// A command that an agent is to end.
package struct CommandCancellation: Codable, Sendable {
    /// The job that runs it.
    package var jobID: String

    private enum CodingKeys: String, CodingKey { case jobID = "CancelMessageId" }

    package init(jobID: String) { self.jobID = jobID }
}

/// What an agent says of a command, as far as it is read.
package struct CommandReply: Codable, Sendable {
    package enum Status: String, Codable, Sendable {
        case inProgress = "InProgress"
        case success = "Success"
        case failed = "Failed"
        case timedOut = "TimedOut"
        case cancelled = "Cancelled"
    }

    package struct Step: Codable, Sendable {
        package var status: String
        /// The script's exit status.
        package var code: Int
        package var name = CommandDocument.plugin
        /// Both streams as one.
        package var output: String
        /// ISO 8601.
        package var startDateTime: String
        package var endDateTime: String
        package var standardOutput: String?
        package var standardError: String?

        package init(
            status: Status,
            code: Int,
            standardOutput: String,
            standardError: String,
            started: String,
            ended: String
        ) {
            self.status = status.rawValue
            self.code = code
            self.standardOutput = standardOutput
            self.standardError = standardError
            output = ""
            startDateTime = started
            endDateTime = ended
        }
    }

    package var documentStatus: String
    /// Why the document as a whole failed.
    package var documentTraceOutput: String?
    /// By plugin.
    package var runtimeStatus: [String: Step]?

    /// The same, with as much of what the script has said as makes no more than so many bytes of JSON.
    package func cut(to limit: Int) -> CommandReply {
        var reply = self
        while Payload.encode(reply).count > limit, var step = reply.runtimeStatus?[CommandDocument.plugin] {
            let (output, error) = (step.standardOutput ?? "", step.standardError ?? "")
            guard !output.isEmpty || !error.isEmpty else { break }
            // By scalars: a character may have any number of them.
            if output.utf8.count >= error.utf8.count {
                step.standardOutput = String(output.unicodeScalars.prefix(output.unicodeScalars.count / 2))
            } else {
                step.standardError = String(error.unicodeScalars.prefix(error.unicodeScalars.count / 2))
            }
            reply.runtimeStatus?[CommandDocument.plugin] = step
        }
        return reply
    }

    package init(status: Status, step: Step? = nil) {
        documentStatus = status.rawValue
        documentTraceOutput = ""
        runtimeStatus = step.map { [CommandDocument.plugin: $0] }
    }
}
