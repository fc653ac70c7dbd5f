// SPDX-License-Identifier: Apache-2.0

/// `agent_task_complete`, as far as the relay reads it.
package struct TaskCompleteContent: Codable, Sendable {
    package var schemaVersion = 1
    package var taskID: String
    package var topic: String
    package var finalStatus: String
    package var instanceID: String?
    /// Why it failed.
    package var output: String?

    private enum CodingKeys: String, CodingKey {
        case schemaVersion = "SchemaVersion"
        case taskID = "TaskId"
        case topic = "Topic"
        case finalStatus = "FinalTaskStatus"
        case instanceID = "InstanceId"
        case output = "Output"
    }

    package init(taskID: String, finalStatus: String, instanceID: String, output: String) {
        self.taskID = taskID
        topic = MessageType.taskComplete.rawValue
        self.finalStatus = finalStatus
        self.instanceID = instanceID
        self.output = output
    }
}
