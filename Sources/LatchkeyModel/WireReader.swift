// SPDX-License-Identifier: Apache-2.0

/// Reads SSH's data types (RFC 4251 §5) from bytes; every read that the bytes cannot satisfy returns nil.
package struct WireReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// Begins at the first byte.
    package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// Whether all bytes were read.
    package var isAtEnd: Bool { position == bytes.endIndex }

    /// "uint32 … stored as four bytes in the order of decreasing significance (network byte order)".
    package mutating func uint32() -> UInt32? {
        guard bytes.endIndex - position >= 4 else { return nil }
        defer { position += 4 }
        return bytes[position..<position + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// "string … stored as a uint32 containing its length … and zero or more bytes that are the value".
    package mutating func string(limit: Int = .max) -> ArraySlice<UInt8>? {
        let start = position
        guard let length = uint32(), Int(length) <= limit, bytes.endIndex - position >= Int(length) else {
            position = start
            return nil
        }
        defer { position += Int(length) }
        return bytes[position..<position + Int(length)]
    }
}
