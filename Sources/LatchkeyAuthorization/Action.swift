// SPDX-License-Identifier: Apache-2.0

/// What a request wants done, as IAM writes it: `ec2:RunInstances`.
package struct Action: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The service that signatures are for: `ec2`.
    package let service: String
    /// The operation's name: `RunInstances`.
    package let name: String

    package init(service: String, name: String) {
        self.service = service
        self.name = name
    }

    /// - Precondition: a service and a name, with a colon between them.
    package init(stringLiteral text: String) {
        let parts = text.split(separator: ":", maxSplits: 1)
        precondition(parts.count == 2, "'\(text)' is not an action")
        self.init(service: String(parts[0]), name: String(parts[1]))
    }

    package var description: String { "\(service):\(name)" }

    /// Whether nothing is changed by it, told by its name as AWS names operations.
    package var isReadOnly: Bool { ["Describe", "Get", "List"].contains { name.hasPrefix($0) } }
}
