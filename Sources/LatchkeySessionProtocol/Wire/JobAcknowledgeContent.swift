// SPDX-License-Identifier: Apache-2.0

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
