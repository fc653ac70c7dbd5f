// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyAPI

/// Credentials, until when they are good, and where they come from.
package struct ExpiringCredentials: Equatable, Sendable {
    package let credentials: Credentials
    /// Nil for lasting ones.
    package let expiration: Date?
    /// Where they were found, in botocore's words, such as `assume-role`.
    package let method: String

    package init(_ credentials: Credentials, expiration: Date? = nil, method: String) {
        self.credentials = credentials
        self.expiration = expiration
        self.method = method
    }

    /// Whether they are good for so many more seconds.
    package func isGood(for seconds: TimeInterval, at date: Date = Date()) -> Bool {
        expiration.map { $0.timeIntervalSince(date) > seconds } ?? true
    }

    /// A point in time as AWS writes it: RFC 3339 with `Z` or an offset, with or without fractions; the SSO cache's
    /// `UTC` for `Z`, too.
    static func date(_ text: String) -> Date? {
        let text = text.hasSuffix("UTC") ? text.dropLast(3) + "Z" : text[...]
        if let date = try? Date.ISO8601FormatStyle().parse(String(text)) { return date }
        return try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(String(text))
    }
}
