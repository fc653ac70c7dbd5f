// SPDX-License-Identifier: Apache-2.0

/// The envelope of a task on the control channel.
package struct TaskEnvelope: Codable, Sendable {
    package var schemaVersion = 1
    package var taskID: String
    package var topic: String
    /// A ``SessionTask`` as JSON text.
    package var content: String

    private enum CodingKeys: String, CodingKey {
        case schemaVersion = "SchemaVersion"
        case taskID = "TaskId"
        case topic = "Topic"
        case content = "Content"
    }

    package init(taskID: String, topic: String, content: String) {
        self.taskID = taskID
        self.topic = topic
        self.content = content
    }
}
