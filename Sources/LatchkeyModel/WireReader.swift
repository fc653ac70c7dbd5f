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

/// Writes SSH's data types (RFC 4251 §5).
package struct WireWriter {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func uint32(_ value: UInt32) {
        bytes += [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }

    package mutating func string(_ value: some Collection<UInt8>) {
        uint32(UInt32(value.count))
        bytes += value
    }

    /// The text in UTF-8, as a string.
    package mutating func string(_ value: String) { string(value.utf8) }

    /// "mpint … stored as a string, 8 bits per byte, MSB first"; `magnitude` is unsigned, leading zeros are dropped.
    package mutating func mpint(_ magnitude: some Collection<UInt8>) {
        let digits = magnitude.drop { $0 == 0 }
        string(digits.first.map { $0 >= 0x80 } == true ? [0] + Array(digits) : Array(digits))
    }

    /// Bytes as they are, without a length.
    package mutating func raw(_ value: some Sequence<UInt8>) { bytes += value }
}
