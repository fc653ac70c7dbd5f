// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A machine that can be entered.
package struct Instance: Codable, Equatable, Identifiable, Sendable {
    /// The port that sshd listens on where nothing else is said.
    package static let defaultPort = 22

    /// `i-…` launched or added, `mi-…` registered by activation.
    package let id: String
    package var tags: Tags
    package var state: InstanceState
    /// Host names and IP addresses, the preferred one first.
    package var addresses: [String]
    package var port: Int
    /// The user to log in as; nil if not set.
    package var user: String?
    /// The name of the key pair given at launch. A hint, never a proof: it is not updated afterwards.
    package var keyName: String?
    /// The keys by which this instance proves who it is, pinned by its id.
    package var hostKeys: [HostKey]
    package let created: Date

    package init(
        id: String = Identifier.make(prefix: Identifier.instancePrefix),
        tags: Tags,
        state: InstanceState = .running,
        addresses: [String],
        port: Int = Instance.defaultPort,
        user: String? = nil,
        keyName: String? = nil,
        hostKeys: [HostKey] = [],
        created: Date
    ) {
        self.id = id
        self.tags = tags
        self.state = state
        self.addresses = addresses
        self.port = port
        self.user = user
        self.keyName = keyName
        self.hostKeys = hostKeys
        self.created = created
    }

    /// Nil where there is none, or only whitespace.
    package var name: String? {
        tags[Tags.nameKey].flatMap { $0.unicodeScalars.allSatisfy(\.properties.isWhitespace) ? nil : $0 }
    }

    /// The name made safe for a terminal, or the id where there is no name.
    package var displayName: String { name?.terminalSafe ?? id }
}
