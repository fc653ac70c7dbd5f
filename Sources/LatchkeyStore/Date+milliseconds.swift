// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension Date {
    /// Since 1970 in UTC: the precision of every time that a store keeps.
    package var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

    package init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
