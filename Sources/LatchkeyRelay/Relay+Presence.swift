// SPDX-License-Identifier: Apache-2.0

extension Relay {
    /// What is known of an agent that is there.
    package struct Presence: Sendable {
        let agentVersion: String?
        package let isOwn: Bool
        package let takesPushedKeys: Bool
    }
}
