// SPDX-License-Identifier: Apache-2.0

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
