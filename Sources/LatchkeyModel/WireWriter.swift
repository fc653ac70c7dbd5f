// SPDX-License-Identifier: Apache-2.0

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
