// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import LatchkeyModel

/// Something that instances can be launched from.
package struct LaunchImage: Equatable, Sendable {
    /// `ami-…`.
    package let id: String
    package let name: String
    package let description: String?
    /// EC2's word: `x86_64` or `arm64`.
    package let architecture: String
    /// The user to log in as on its instances; nil where nothing says.
    package let user: String?
    package let created: Date

    package init(
        id: String,
        name: String,
        description: String?,
        architecture: String,
        user: String?,
        created: Date
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.architecture = architecture
        self.user = user
        self.created = created
    }
}
