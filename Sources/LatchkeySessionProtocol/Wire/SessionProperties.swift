// SPDX-License-Identifier: Apache-2.0

/// The properties of a session of ports; all of it is text on the wire.
package struct SessionProperties: Codable, Equatable, Sendable {
    package var portNumber: String?
    package var localPortNumber: String?
    /// `LocalPortForwarding`, or nothing for standard streams.
    package var type: String?
    /// Where the agent connects to; nothing for its own machine.
    package var host: String?
    /// `unix` where the client is to listen at a socket in the file system, and where that is.
    package var localConnectionType: String?
    package var localUnixSocket: String?

    package init() {}
}
