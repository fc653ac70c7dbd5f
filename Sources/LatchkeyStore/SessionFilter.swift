// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// What sessions to list.
package enum SessionFilter: Sendable {
    /// Started at this date or later.
    case invokedAfter(Date)
    /// Started before this date.
    case invokedBefore(Date)
    case target(String)
    case owner(String)
    case status(SessionStatus)
    case id(String)
    /// `Standard` is every session here.
    case accessType(String)

    /// The words of DescribeSessions.
    package static let keys = [
        "InvokedAfter", "InvokedBefore", "Target", "Owner", "Status", "SessionId", "AccessType",
    ]

    /// From the words of DescribeSessions; dates are in ISO 8601, for example `2018-08-29T00:00:00Z`.
    ///
    /// - Returns: nil for a key that is not among ``keys``, and for a value that is not a date or status where one has to
    ///   stand.
    package init?(key: String, value: String) {
        switch key {
        case "InvokedAfter", "InvokedBefore":
            guard let date = try? Date(value, strategy: .iso8601) else { return nil }
            self = key == "InvokedAfter" ? .invokedAfter(date) : .invokedBefore(date)
        case "Target": self = .target(value)
        case "Owner": self = .owner(value)
        case "Status":
            guard let status = SessionStatus(rawValue: value) else { return nil }
            self = .status(status)
        case "SessionId": self = .id(value)
        case "AccessType": self = .accessType(value)
        default: return nil
        }
    }
}
