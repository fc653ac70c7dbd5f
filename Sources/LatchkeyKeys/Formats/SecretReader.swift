// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// Reads SSH's data types (RFC 4251 §5) in place, so that private parts are not copied.
struct SecretReader {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    mutating func uint32() -> UInt32? {
        bytes(4).map { $0.reduce(0) { $0 << 8 | UInt32($1) } }
    }

    mutating func string() -> UnsafeRawBufferPointer? {
        let start = rest
        guard let length = uint32(), let value = bytes(Int(length)) else {
            rest = start
            return nil
        }
        return value
    }

    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count <= rest.count else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }
}
