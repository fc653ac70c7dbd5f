// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// What becomes of a session: see ``SessionStore/setSession(_:_:details:at:)``.
package struct SessionChange: Sendable {
    package let id: SessionRecord.ID
    package let status: SessionStatus
    package let details: String?
    package let date: Date

    package init(id: SessionRecord.ID, status: SessionStatus, details: String?, date: Date) {
        self.id = id
        self.status = status
        self.details = details
        self.date = date
    }
}
