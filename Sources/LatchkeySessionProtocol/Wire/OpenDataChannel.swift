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
