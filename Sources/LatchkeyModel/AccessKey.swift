// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// What a user signs requests with: an id that is sent along, and a secret that is kept apart from this value.
package struct AccessKey: Codable, Equatable, Identifiable, Sendable {
    /// `AKIA` and 16 of A–Z and 2–7.
    package let id: String
    /// Whose requests these are.
    package let userName: String
    /// Whether it opens other users' sessions, too.
    package let isAdmin: Bool
    package let created: Date
    /// The last use that was noted, to within a minute; nil if there was none.
    package var lastUsed: Date?

    package init(
        id: String = Identifier.makeAccessKey(),
        userName: String,
        isAdmin: Bool = false,
        created: Date,
        lastUsed: Date? = nil
    ) {
        self.id = id
        self.userName = userName
        self.isAdmin = isAdmin
        self.created = created
        self.lastUsed = lastUsed
    }
}
