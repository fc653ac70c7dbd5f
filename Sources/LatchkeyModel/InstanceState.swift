// SPDX-License-Identifier: Apache-2.0

/// EC2's words for the state of an instance.
package enum InstanceState: String, CaseIterable, Codable, Sendable {
    case pending, running, stopping, stopped, terminated
    case shuttingDown = "shutting-down"
}
