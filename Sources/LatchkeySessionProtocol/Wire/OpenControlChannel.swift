// SPDX-License-Identifier: Apache-2.0

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
