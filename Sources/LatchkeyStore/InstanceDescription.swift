// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import LatchkeyModel

/// An instance as lists show it: without its host keys, which a login must have.
package struct InstanceDescription: Sendable {
    package let id: Instance.ID
    package let state: InstanceState
    package let keyName: String?
    package let port: Int
    /// The user to log in as; nil if not set.
    package let user: String?
    package var addresses: [String] = []
    package var tags: [(key: String, value: String)] = []
    package let created: Date
    /// Nil if it was not launched here.
    package let launch: LaunchRecord?

    package init(
        id: Instance.ID,
        state: InstanceState,
        keyName: String?,
        port: Int,
        user: String?,
        created: Date,
        launch: LaunchRecord?
    ) {
        self.id = id
        self.state = state
        self.keyName = keyName
        self.port = port
        self.user = user
        self.created = created
        self.launch = launch
    }
}
