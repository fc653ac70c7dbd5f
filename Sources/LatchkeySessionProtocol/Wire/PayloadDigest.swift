// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto

/// What a header says about the bytes of its payload.
package enum PayloadDigest: Sendable {
    case sha256
    /// Between Latchkey's own ends: made and checked in an eighth of the time, which is as much as all encryption takes.
    case checksum

    /// - Parameter target: 32 bytes.
    /// - Returns: false if it could not be made.
    func write(_ payload: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        switch self {
        case .sha256: return Digest.sha256(payload, into: target) == target.count
        case .checksum:
            target.initializeMemory(as: UInt8.self, repeating: 0)
            return Checksum.write(payload, into: UnsafeMutableRawBufferPointer(rebasing: target[..<Checksum.size]))
        }
    }
}
