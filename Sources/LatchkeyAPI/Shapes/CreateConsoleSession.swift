// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Signs a browser in to the console.
package struct CreateConsoleSession: ServiceRequest {
    package static let operation = "CreateConsoleSession"
    package static let target = ServiceTarget.latchkey

    package init() {}

    package struct Response: Codable, Sendable {
        package var sessionId: String
        package var expirationDate: Date

        package init(sessionId: String, expirationDate: Date) {
            self.sessionId = sessionId
            self.expirationDate = expirationDate
        }
    }
}
