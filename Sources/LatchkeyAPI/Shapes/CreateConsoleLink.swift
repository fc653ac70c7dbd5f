// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Makes a link that signs one browser in to the console, as the user who asks.
package struct CreateConsoleLink: ServiceRequest {
    package static let operation = "CreateConsoleLink"
    package static let target = ServiceTarget.latchkey

    package init() {}

    package struct Response: Codable, Sendable {
        /// Where a browser follows it. The code is behind the `#`, so that no request and no log has it.
        package var url: String
        package var expirationDate: Date

        package init(url: String, expirationDate: Date) {
            self.url = url
            self.expirationDate = expirationDate
        }
    }
}
