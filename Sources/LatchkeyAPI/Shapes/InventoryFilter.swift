// SPDX-License-Identifier: Apache-2.0

package struct InventoryFilter: Codable, Sendable {
    /// A type and an attribute of it, for example `AWS:InstanceInformation.PlatformType`.
    package var key: String
    package var values: [String]?
    /// `Equal`, if nothing else is said.
    package var type: String?
}
