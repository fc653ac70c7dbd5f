// SPDX-License-Identifier: Apache-2.0

/// A command that an agent is to end.
package struct CommandCancellation: Codable, Sendable {
    /// The job that runs it.
    package var jobID: String

    private enum CodingKeys: String, CodingKey { case jobID = "CancelMessageId" }

    package init(jobID: String) { self.jobID = jobID }
}
