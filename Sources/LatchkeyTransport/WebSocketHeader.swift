// SPDX-License-Identifier: Apache-2.0

/// The header of a WebSocket frame (RFC 6455 §5.2).
package struct WebSocketHeader: Equatable, Sendable {
    package enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        package var isControl: Bool { rawValue >= 8 }
    }

    package enum Fault: Error, Equatable, Sendable {
        /// A bit that only an extension gives a meaning to.
        case reserved
        case opcode(UInt8)
        /// More than 125 bytes, or in pieces (§5.5).
        case control
        /// A length with its first bit set (§5.2).
        case length
    }

    /// The most bytes that a header has.
    package static let sizeLimit = 14

    package var isFinal: Bool
    package var opcode: Opcode
    /// In the order of the wire, in the lowest byte first; nil if the payload is not masked.
    package var mask: UInt32?
    package var length: Int

    package init(_ opcode: Opcode, length: Int, isFinal: Bool = true, mask: UInt32? = nil) {
        self.isFinal = isFinal
        self.opcode = opcode
        self.mask = mask
        self.length = length
    }

    /// Reads a header.
    ///
    /// - Returns: it and how many bytes it took; nil if there are too few.
    package static func parse(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> (WebSocketHeader, size: Int)? {
        guard bytes.count >= 2 else { return nil }
        let (first, second) = (bytes[0], bytes[1])
        guard first & 0x70 == 0 else { throw .reserved }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .opcode(first & 0x0F) }
        var size = 2
        var length = UInt64(second & 0x7F)
        switch length {
        case 126:
            guard bytes.count >= 4 else { return nil }
            length = UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            size = 4
        case 127:
            guard bytes.count >= 10 else { return nil }
            length = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            size = 10
        default: break
        }
        guard length <= UInt64(Int32.max) else { throw .length }
        let isFinal = first & 0x80 != 0
        guard !opcode.isControl || (length <= 125 && isFinal) else { throw .control }
        var mask: UInt32?
        if second & 0x80 != 0 {
            guard bytes.count >= size + 4 else { return nil }
            mask = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: size, as: UInt32.self))
            size += 4
        }
        return (WebSocketHeader(opcode, length: Int(length), isFinal: isFinal, mask: mask), size)
    }

    /// The header's bytes.
    package var bytes: [UInt8] {
        var bytes = [(isFinal ? 0x80 : 0) | opcode.rawValue]
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch length {
        case ...125: bytes.append(masked | UInt8(length))
        case ...0xFFFF: bytes += [masked | 126, UInt8(length >> 8), UInt8(length & 0xFF)]
        default: bytes += [masked | 127] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - $0 * 8)) }
        }
        if let mask { bytes += (0..<4).map { UInt8(truncatingIfNeeded: mask >> ($0 * 8)) } }
        return bytes
    }

    /// Copies `source` to `target`, masked or unmasked (§5.3).
    ///
    /// - Parameter offset: how many bytes of the same payload went before.
    package static func apply(
        _ mask: UInt32,
        offset: Int,
        _ source: UnsafeRawBufferPointer,
        to target: UnsafeMutableRawBufferPointer
    ) {
        precondition(target.count >= source.count, "there is no room for the payload")
        let shift = UInt32(offset % 4) * 8
        let key = shift == 0 ? mask : mask >> shift | mask << (32 - shift)
        // So many bytes at a time that this costs hardly more than the copy.
        let wide = SIMD16(repeating: key.littleEndian)
        let stride = MemoryLayout<SIMD16<UInt32>>.size
        var index = 0
        while index + stride <= source.count {
            let word = source.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt32>.self)
            target.storeBytes(of: word ^ wide, toByteOffset: index, as: SIMD16<UInt32>.self)
            index += stride
        }
        while index < source.count {
            target[index] = source[index] ^ UInt8(truncatingIfNeeded: key >> (UInt32(index % 4) * 8))
            index += 1
        }
    }
}
