// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// Keyed digests (RFC 2104).
package enum HMAC {
    /// - Returns: 32 bytes.
    package static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            var length: UInt32 = 0
            let done = CLibCrypto.HMAC(
                EVP_sha256(),
                key,
                Int32(key.count),
                message,
                message.count,
                buffer.baseAddress,
                &length
            )
            // Going on with an empty one would make every signature the same.
            guard done != nil, length == 32 else { fatalError("OpenSSL has no HMAC-SHA-256") }
            count = 32
        }
    }
}
