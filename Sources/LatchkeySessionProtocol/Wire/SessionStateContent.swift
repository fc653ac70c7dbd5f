// SPDX-License-Identifier: Apache-2.0

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
