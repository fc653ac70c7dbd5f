// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyCrypto
internal import LatchkeyModel

/// Keyed digests.
enum MAC {
    /// RFC 2104.
    static func hmac(_ digest: OpaquePointer?, key: UnsafeRawBufferPointer, _ message: UnsafeRawBufferPointer)
        -> [UInt8]
    {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var length: UInt32 = 0
            let bytes = message.bindMemory(to: UInt8.self).baseAddress
            // An empty key is a key, but a null pointer would stand for the one used before.
            var nothing: UInt8 = 0
            let result = withUnsafePointer(to: &nothing) { nothing in
                let start = key.isEmpty ? UnsafeRawPointer(nothing) : key.baseAddress
                return HMAC(digest, start, Int32(key.count), bytes, message.count, buffer.baseAddress, &length)
            }
            count = result == nil ? 0 : Int(length)
        }
    }

    /// RFC 8439 §2.5; `key` has 32 bytes.
    static func poly1305(key: UnsafeRawBufferPointer, _ message: UnsafeRawBufferPointer) -> [UInt8] {
        guard let algorithm = EVP_MAC_fetch(nil, "POLY1305", nil) else { return [] }
        defer { EVP_MAC_free(algorithm) }
        guard let context = EVP_MAC_CTX_new(algorithm) else { return [] }
        defer { EVP_MAC_CTX_free(context) }
        let bytes = message.bindMemory(to: UInt8.self).baseAddress
        guard EVP_MAC_init(context, key.bindMemory(to: UInt8.self).baseAddress, key.count, nil) == 1,
            EVP_MAC_update(context, bytes, message.count) == 1
        else { return [] }
        return [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            if EVP_MAC_final(context, buffer.baseAddress, &count, 16) != 1 { count = 0 }
        }
    }

    /// Compares without telling by its time where the first difference is.
    static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && !a.isEmpty && CRYPTO_memcmp(a, b, a.count) == 0
    }
}
