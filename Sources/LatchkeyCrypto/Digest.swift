// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// Digests of bytes (FIPS 180-4, RFC 1321).
package enum Digest {
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] { compute(EVP_sha256(), bytes) }
    package static func md5(_ bytes: [UInt8]) -> [UInt8] { compute(EVP_md5(), bytes) }

    package static func sha1(_ bytes: [UInt8]) -> [UInt8] { compute(EVP_sha1(), bytes) }
    package static func sha1(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { compute(EVP_sha1(), bytes) }
    package static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { compute(EVP_sha256(), bytes) }

    /// - Returns: how many bytes were written: 20, or 0 if there was no room.
    package static func sha1(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        var length: UInt32 = 0
        guard target.count >= 20 else { return 0 }
        let start = target.bindMemory(to: UInt8.self).baseAddress
        return EVP_Digest(bytes.baseAddress, bytes.count, start, &length, EVP_sha1(), nil) == 1 ? Int(length) : 0
    }

    /// Allocates nothing, so that it may stand in the way of every frame of a session.
    ///
    /// - Returns: how many bytes were written: 32, or 0 if there was no room.
    @discardableResult
    package static func sha256(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        guard target.count >= 32 else { return 0 }
        // The functions of EVP make a context on the heap at each call.
        var state = SHA256_CTX()
        SHA256_Init(&state)
        SHA256_Update(&state, bytes.baseAddress, bytes.count)
        SHA256_Final(target.bindMemory(to: UInt8.self).baseAddress, &state)
        return 32
    }

    /// - Returns: how many bytes were written: 64, or 0 if there was no room.
    package static func sha512(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        var length: UInt32 = 0
        guard target.count >= 64 else { return 0 }
        return EVP_Digest(
            bytes.baseAddress,
            bytes.count,
            target.bindMemory(to: UInt8.self).baseAddress,
            &length,
            EVP_sha512(),
            nil
        ) == 1 ? Int(length) : 0
    }

    private static func compute(_ algorithm: OpaquePointer?, _ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { compute(algorithm, $0) }
    }

    private static func compute(_ algorithm: OpaquePointer?, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var length: UInt32 = 0
            // A FIPS provider may refuse MD5; an empty digest then matches nothing.
            let done = EVP_Digest(bytes.baseAddress, bytes.count, buffer.baseAddress, &length, algorithm, nil)
            count = done == 1 ? Int(length) : 0
        }
    }
}
