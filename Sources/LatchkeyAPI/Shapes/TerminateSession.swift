// SPDX-License-Identifier: Apache-2.0

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
