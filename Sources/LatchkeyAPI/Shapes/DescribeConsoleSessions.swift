// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Lists who is signed in to the console.
package struct DescribeConsoleSessions: ServiceRequest {
    package static let operation = "DescribeConsoleSessions"
    package static let target = ServiceTarget.latchkey
    package static let isIdempotent = true

    package struct Session: Codable, Sendable {
        package var sessionId: String
        /// The user's ARN.
        package var owner: String
        package var accessKeyId: String
        package var startDate: Date
        package var lastUsedDate: Date
        package var expirationDate: Date
        package var sourceAddress: String?
        package var userAgent: String?
        /// Whether it is the one that asks.
        package var isCurrent: Bool

        package init(
            sessionId: String,
            owner: String,
            accessKeyId: String,
            startDate: Date,
            lastUsedDate: Date,
            expirationDate: Date,
            sourceAddress: String?,
            userAgent: String?,
            isCurrent: Bool
        ) {
            self.sessionId = sessionId
            self.owner = owner
            self.accessKeyId = accessKeyId
            self.startDate = startDate
            self.lastUsedDate = lastUsedDate
            self.expirationDate = expirationDate
            self.sourceAddress = sourceAddress
            self.userAgent = userAgent
            self.isCurrent = isCurrent
        }
    }

    package struct Response: Codable, Sendable {
        package var sessions: [Session]

        package init(sessions: [Session]) { self.sessions = sessions }
    }
}
