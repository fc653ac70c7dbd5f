// SPDX-License-Identifier: Apache-2.0

/// Something that servers list many of.
package protocol ListedRecord: Sendable {
    /// Every text in it that another party chose.
    var texts: [String?] { get }
}
