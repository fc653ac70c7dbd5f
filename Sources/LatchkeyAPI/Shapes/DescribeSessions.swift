// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

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
