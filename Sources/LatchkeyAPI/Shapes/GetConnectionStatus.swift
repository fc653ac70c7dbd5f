// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

package struct GetConnectionStatus: ServiceRequest {
    package static let operation = "GetConnectionStatus"
    package static let isIdempotent = true

    package var target: String

    package init(target: String) { self.target = target }

    package struct Response: Codable, Sendable {
        package var target: String
        /// `connected` or `notconnected`.
        package var status: String
        /// Latchkey's own: the instance's sshd asks the agent for keys that were pushed.
        package var latchkeyPushedKeys: Bool?
        /// Latchkey's own: what the agent calls itself, and when it was last heard of.
        package var latchkeyAgentName: String?
        package var latchkeyLastSeen: Date?
        /// Latchkey's own: when a second agent with the same registration was turned away last, if that was just now.
        package var latchkeyCopied: Date?

        package init(target: String, status: String, takesPushedKeys: Bool? = nil) {
            self.target = target
            self.status = status
            latchkeyPushedKeys = takesPushedKeys
        }
    }
}
