// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A sign-in to the console, in one browser. What shows it is kept apart from this value.
package struct ConsoleSession: Equatable, Identifiable, Sendable {
    /// Where the server has the console's pages.
    package static let pagePath = "/console/"

    /// `console-` and 17 hexadecimal digits.
    package let id: String
    /// The access key that it was opened with: it rests on that, and does what that may.
    package let accessKeyID: AccessKey.ID
    package let created: Date
    /// When it ends, whatever is done with it.
    package let expires: Date
    /// When its user last did something, to within a minute.
    package var lastUsed: Date
    /// The IP address that it was opened from; nil where that is not known.
    package let sourceAddress: String?
    /// What the browser calls itself.
    package let userAgent: String?

    package init(
        id: String = Identifier.make(prefix: "console-"),
        accessKeyID: AccessKey.ID,
        created: Date,
        expires: Date,
        lastUsed: Date,
        sourceAddress: String?,
        userAgent: String?
    ) {
        self.id = id
        self.accessKeyID = accessKeyID
        self.created = created
        self.expires = expires
        self.lastUsed = lastUsed
        self.sourceAddress = sourceAddress
        self.userAgent = userAgent
    }
}
