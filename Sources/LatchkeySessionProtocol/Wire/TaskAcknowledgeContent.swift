// SPDX-License-Identifier: Apache-2.0

/// The relay's answer to it, without which it is sent again.
package struct TaskAcknowledgeContent: Codable, Sendable {
    package var schemaVersion = 1
    package var messageID: String
    package var taskID: String
    package var topic: String

    private enum CodingKeys: String, CodingKey {
        case schemaVersion = "SchemaVersion"
        case messageID = "MessageId"
        case taskID = "TaskId"
        case topic = "Topic"
    }

    package init(messageID: String, taskID: String, topic: String) {
        self.messageID = messageID
        self.taskID = taskID
        self.topic = topic
    }
}
