// SPDX-License-Identifier: Apache-2.0

/// A filter with one value, as `DescribeSessions` has it. (Its names are small on the wire; here they come out right, since
/// both ends fold the first letter.)
package struct SessionFilterShape: Codable, Sendable {
    package var key: String
    package var value: String
}
