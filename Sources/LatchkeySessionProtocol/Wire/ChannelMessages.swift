// SPDX-License-Identifier: Apache-2.0

/// The text frame with which an end of a data channel begins.
package struct OpenDataChannel: Codable, Sendable {
    package var version = "1.0"
    package var requestID: String
    package var token: String
    /// The agent's instance; nil from a client.
    package var instanceID: String?
    /// The same as long as a client's process lives.
    package var clientID: String?
    package var clientVersion: String?
    /// Latchkey's own: from an agent, whether another client can take over a running session.
    package var canBeTakenOver: Bool?
    /// Latchkey's own: from a client, whether it has heard nothing of the agent yet.
    package var isNew: Bool?

    private enum CodingKeys: String, CodingKey {
        case version = "MessageSchemaVersion"
        case requestID = "RequestId"
        case token = "TokenValue"
        case instanceID = "ClientInstanceId"
        case clientID = "ClientId"
        case clientVersion = "ClientVersion"
        case canBeTakenOver = "LatchkeyTakeover"
        case isNew = "LatchkeyNewClient"
    }

    package init(requestID: String, token: String) {
        self.requestID = requestID
        self.token = token
    }
}

/// The text frame with which a control channel begins.
package struct OpenControlChannel: Codable, Sendable {
    package var version = "1.0"
    package var requestID: String
    package var token: String
    package var agentVersion: String?
    package var platformType: String?
    /// Latchkey's own: the sessions that this agent still has. Others of its instance are over.
    package var sessions: [String]?
    /// Latchkey's own: the instance's sshd asks this agent for pushed keys.
    package var takesPushedKeys: Bool?
    /// Latchkey's own: another one for each process of an agent, so that two with the same registration are told apart.
    package var process: String?

    private enum CodingKeys: String, CodingKey {
        case version = "MessageSchemaVersion"
        case requestID = "RequestId"
        case token = "TokenValue"
        case agentVersion = "AgentVersion"
        case platformType = "PlatformType"
        case sessions = "LatchkeySessions"
        case takesPushedKeys = "LatchkeyPushedKeys"
        case process = "LatchkeyProcess"
    }

    package init(requestID: String, token: String) {
        self.requestID = requestID
        self.token = token
    }
}

/// `agent_session_state`: from an agent to the relay, not meant for the client.
package struct SessionStateContent: Codable, Sendable {
    package var schemaVersion = 1
    /// `Connected` or `Terminating`.
    package var state: String
    package var sessionID: String

    private enum CodingKeys: String, CodingKey {
        case schemaVersion = "SchemaVersion"
        case state = "SessionState"
        case sessionID = "SessionId"
    }

    package init(state: String, sessionID: String) {
        self.state = state
        self.sessionID = sessionID
    }
}

/// `channel_closed`: the session is over.
package struct ChannelClosedContent: Codable, Sendable {
    package var messageID: String
    /// Milliseconds since 1970, as text: the official agent's type for it.
    package var created: String
    package var destinationID: String
    package var sessionID: String
    package var messageType = MessageType.channelClosed.rawValue
    package var schemaVersion = 1
    /// Why; empty where the process simply ended.
    package var output: String

    private enum CodingKeys: String, CodingKey {
        case messageID = "MessageId"
        case created = "CreatedDate"
        case destinationID = "DestinationId"
        case sessionID = "SessionId"
        case messageType = "MessageType"
        case schemaVersion = "SchemaVersion"
        case output = "Output"
    }

    package init(stamp: MessageStamp, sessionID: String, output: String) {
        messageID = stamp.id.description
        created = String(stamp.created)
        destinationID = sessionID
        self.sessionID = sessionID
        self.output = output
    }
}

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
