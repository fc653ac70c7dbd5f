// SPDX-License-Identifier: Apache-2.0

/// What a session is for.
package enum SessionType: String, Codable, Sendable {
    case shell = "Standard_Stream"
    case interactiveCommand = "InteractiveCommands"
    case command = "NonInteractiveCommands"
    case port = "Port"
}
