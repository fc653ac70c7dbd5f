// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// What commands to list.
package struct CommandFilter: Sendable {
    package var commandID: CommandRecord.ID?
    package var instanceID: Instance.ID?
    /// Sent at this date or later, and before that one.
    package var after: Date?
    package var before: Date?
    package var documentName: String?

    package init() {}
}
