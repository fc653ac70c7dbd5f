// SPDX-License-Identifier: Apache-2.0

/// Latchkey's own: what an agent asks when its sshd asks it which keys a user has just now.
package struct ListPushedKeys: ServiceRequest {
    package static let operation = "LatchkeyListPushedKeys"

    package var user: String

    package init(user: String) { self.user = user }

    package struct Response: Codable, Sendable {
        /// Lines as in `authorized_keys`.
        package var keys: [String]
        /// How many milliseconds longer each of them is let in; nil from a latchkeyd that does not say.
        package var millisecondsLeft: [Int64]?

        package init(keys: [(line: String, millisecondsLeft: Int64)]) {
            self.keys = keys.map(\.line)
            millisecondsLeft = keys.map(\.millisecondsLeft)
        }
    }
}
