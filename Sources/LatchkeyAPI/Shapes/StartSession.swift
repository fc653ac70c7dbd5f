// SPDX-License-Identifier: Apache-2.0

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
