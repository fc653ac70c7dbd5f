// SPDX-License-Identifier: Apache-2.0

/// What carries a ``Multiplexer``'s frames to the other end.
package protocol MuxCarrier: ~Copyable {
    /// How many bytes would be taken now.
    var room: Int { get }

    /// Sends what `fill` writes, at most `capacity` bytes.
    ///
    /// - Returns: how many that were.
    mutating func send(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int
}
