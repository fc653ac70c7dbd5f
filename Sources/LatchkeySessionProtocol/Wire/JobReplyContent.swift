// SPDX-License-Identifier: Apache-2.0

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
