// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// An ED25519 private key (RFC 8032).
struct Ed25519Key: ~Copyable {
    /// The length of the seed and of the public half, in bytes.
    static let length = 32

    /// The 32 secret bytes that all else follows from.
    let seed: Secret
    let publicKey: PublicKey

    /// - Throws: `malformed` if the seed is not 32 bytes.
    init(seed: consuming Secret) throws(KeyFault) {
        SecureHeap.prepare()
        let raw = seed.withBytes { bytes -> [UInt8] in
            guard let key = Ed25519Key.key(seed: bytes) else { return [] }
            defer { EVP_PKEY_free(key) }
            return [UInt8](unsafeUninitializedCapacity: Ed25519Key.length) { buffer, count in
                count = Ed25519Key.length
                if EVP_PKEY_get_raw_public_key(key, buffer.baseAddress, &count) != 1 { count = 0 }
            }
        }
        guard let publicKey = Ed25519Key.publicKey(raw) else { throw .malformed }
        self.publicKey = publicKey
        self.seed = seed
    }

    static func generate() throws(KeyFault) -> Ed25519Key {
        var seed = Secret(capacity: length)
        let count = seed.fill { buffer in
            RAND_priv_bytes(buffer.bindMemory(to: UInt8.self).baseAddress, Int32(length)) == 1 ? length : 0
        }
        guard count == length else { throw .unreadable("the system's random numbers cannot be read") }
        return try Ed25519Key(seed: seed)
    }

    /// RFC 8709 §4: "string "ssh-ed25519", string key".
    static func publicKey(_ raw: [UInt8]) -> PublicKey? {
        guard raw.count == length else { return nil }
        var writer = WireWriter()
        writer.string("ssh-ed25519")
        writer.string(raw)
        return PublicKey(blob: writer.bytes)
    }

    /// OpenSSL's own key, to be freed by the caller; nil unless the seed has 32 bytes.
    static func key(seed: UnsafeRawBufferPointer) -> OpaquePointer? {
        guard seed.count == length else { return nil }
        let bytes = seed.bindMemory(to: UInt8.self).baseAddress
        return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, length)
    }
}
