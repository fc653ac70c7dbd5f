// SPDX-License-Identifier: Apache-2.0

/// A way into an instance.
package enum Road: String, CaseIterable, Codable, Sendable {
    /// SSH to one of the instance's addresses.
    case ssh
    /// SSH to its port, through the relay to which its agent has dialled out.
    case sshOverRelay = "ssh-over-relay"
    /// A shell that the agent opens; no key is needed.
    case relay
}
