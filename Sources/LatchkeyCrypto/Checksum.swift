// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// Tells whether bytes arrived as they were sent, where no attacker is expected to change them: Poly1305
/// (RFC 8439 §2.5) under a fixed, public key. It needs an eighth of the time of SHA-256, which proves no more
/// where an attacker who changes the bytes can change their digest too.
package enum Checksum {
    package static let size = 16

    /// Whether this machine's OpenSSL has it; one that is restricted to FIPS 140 has not.
    package static var isAvailable: Bool { algorithm.pointer != nil }

    /// OpenSSL's description of the function; made once, never changed.
    private struct Algorithm: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    private static let algorithm = Algorithm(pointer: EVP_MAC_fetch(nil, "POLY1305", nil))
    private static let key = [UInt8](1...32)

    /// - Returns: false if it could not be done; `target` then has nothing of use.
    package static func write(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        guard target.count >= size, let algorithm = algorithm.pointer, let context = EVP_MAC_CTX_new(algorithm) else {
            return false
        }
        defer { EVP_MAC_CTX_free(context) }
        var length = 0
        return EVP_MAC_init(context, key, key.count, nil) == 1
            && EVP_MAC_update(context, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count) == 1
            && EVP_MAC_final(context, target.bindMemory(to: UInt8.self).baseAddress, &length, target.count) == 1
            && length == size
    }
}
