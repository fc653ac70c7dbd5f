// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Makes a code that signs one browser in to the console, as the user who asks.
package struct CreateConsoleLink: ServiceRequest {
    package static let operation = "CreateConsoleLink"
    package static let target = ServiceTarget.latchkey

    package init() {}

    package struct Response: Codable, Sendable {
        package var code: String
        package var expirationDate: Date

        package init(code: String, expirationDate: Date) {
            self.code = code
            self.expirationDate = expirationDate
        }
    }
}
