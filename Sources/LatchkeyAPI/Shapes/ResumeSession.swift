// SPDX-License-Identifier: Apache-2.0

package struct ResumeSession: ServiceRequest {
    package static let operation = "ResumeSession"
    package static let isIdempotent = true
    /// No token: the session is over.
    package typealias Response = StartSession.Response

    package var sessionId: String

    package init(sessionId: String) { self.sessionId = sessionId }
}
