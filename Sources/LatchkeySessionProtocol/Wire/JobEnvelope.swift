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
