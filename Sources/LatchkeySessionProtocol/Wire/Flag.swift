// SPDX-License-Identifier: Apache-2.0

/// The number in a payload of the type ``PayloadType/flag``, four bytes in network order.
package enum Flag: UInt32, Sendable {
    /// The client's local connection has gone (ports, one at a time).
    case disconnectToPort = 1
    case terminateSession = 2
    /// The agent could not reach the port.
    case connectToPortError = 3

    /// 32 bits in network order.
    package var payload: [UInt8] { withUnsafeBytes(of: rawValue.bigEndian, Array.init) }
}
