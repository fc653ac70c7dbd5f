// SPDX-License-Identifier: Apache-2.0

/// What of a list its caller is shown.
package enum ListScope: Equatable, Sendable {
    case all
    /// What belongs to the principal with this ARN.
    case ownedBy(String)
}
