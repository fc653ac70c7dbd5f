// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Systems Manager, API version 2014-11-06: sessions.
package struct StartSession: ServiceRequest {
    package static let operation = "StartSession"

    package var target: String
    package var documentName: String?
    package var reason: String?
    package var parameters: [String: [String]]?

    package init(target: String, documentName: String?, parameters: [String: [String]]? = nil, reason: String? = nil) {
        self.target = target
        self.documentName = documentName
        self.parameters = parameters
        self.reason = reason
    }

    package struct Response: Codable, Sendable {
        package var sessionId: String
        package var tokenValue: String?
        package var streamUrl: String?

        package init(sessionId: String, tokenValue: String?, streamUrl: String?) {
            self.sessionId = sessionId
            self.tokenValue = tokenValue
            self.streamUrl = streamUrl
        }
    }
}

package struct ResumeSession: ServiceRequest {
    package static let operation = "ResumeSession"
    package static let isIdempotent = true
    /// No token: the session is over.
    package typealias Response = StartSession.Response

    package var sessionId: String

    package init(sessionId: String) { self.sessionId = sessionId }
}

package struct TerminateSession: ServiceRequest {
    package static let operation = "TerminateSession"
    package static let isIdempotent = true

    package var sessionId: String

    package init(sessionId: String) { self.sessionId = sessionId }

    package struct Response: Codable, Sendable {
        package var sessionId: String
        package init(sessionId: String) { self.sessionId = sessionId }
    }
}

package struct DescribeSessions: ServiceRequest {
    package static let operation = "DescribeSessions"
    package static let isIdempotent = true

    /// `Active` or `History`.
    package var state: String
    package var maxResults: Int?
    package var nextToken: String?
    package var filters: [SessionFilterShape]?

    package init(state: String, maxResults: Int? = nil, nextToken: String? = nil) {
        self.state = state
        self.maxResults = maxResults
        self.nextToken = nextToken
    }

    package struct Session: Codable, ListedRecord {
        package var sessionId: String
        package var target: String
        package var status: String
        package var startDate: Date
        package var endDate: Date?
        package var documentName: String?
        package var owner: String?
        package var reason: String?
        package var details: String?
        package var maxSessionDuration: String?
        package var accessType: String? = "Standard"

        package var texts: [String?] {
            [sessionId, target, status, documentName, owner, reason, details, maxSessionDuration, accessType]
        }

        package init(sessionId: String, target: String, status: String, startDate: Date) {
            self.sessionId = sessionId
            self.target = target
            self.status = status
            self.startDate = startDate
        }
    }

    package struct Response: Codable, Sendable {
        package var sessions: RecordList<Session>
        package var nextToken: String?

        package init(sessions: [Session], nextToken: String?) {
            self.sessions = RecordList(sessions)
            self.nextToken = nextToken
        }
    }
}

package struct GetConnectionStatus: ServiceRequest {
    package static let operation = "GetConnectionStatus"
    package static let isIdempotent = true

    package var target: String

    package init(target: String) { self.target = target }

    package struct Response: Codable, Sendable {
        package var target: String
        /// `connected` or `notconnected`.
        package var status: String
        /// Latchkey's own: the instance's sshd asks the agent for keys that were pushed.
        package var latchkeyPushedKeys: Bool?
        /// Latchkey's own: what the agent calls itself, and when it was last heard of.
        package var latchkeyAgentName: String?
        package var latchkeyLastSeen: Date?
        /// Latchkey's own: when a second agent with the same registration was turned away last, if that was just now.
        package var latchkeyCopied: Date?

        package init(target: String, status: String, takesPushedKeys: Bool? = nil) {
            self.target = target
            self.status = status
            latchkeyPushedKeys = takesPushedKeys
        }
    }
}
