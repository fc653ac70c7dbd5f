// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
package import LatchkeyModel
internal import LatchkeySystem

/// The key that everything secret at rest is sealed with: AES-256-GCM (NIST SP 800-38D).
///
/// It is never changed after it was made, and its bytes are only read: hence `@unchecked`.
package final class MasterKey: @unchecked Sendable {
    static let length = 32
    static let nonceLength = 12
    static let tagLength = 16

    private let key: Secret

    /// The key in a file, which is made (0600) if it does not exist. Processes that start at once agree on one key.
    ///
    /// - Throws: `fileUnusable` if it cannot be read or written, is not 32 bytes in a file of one's own (or root's), or
    ///   others can read it; `storageFull`.
    package init(file: String) throws(LatchkeyError) {
        key = try MasterKeyFile(path: file).readOrMake()
    }

    /// - Parameter context: what the bytes belong to; they open with the same one only, so that they cannot be moved
    ///   to another place.
    /// - Returns: 12 random bytes, then the encrypted ones, then 16 that attest all of them and the context.
    /// - Throws: `keyUnusable` if OpenSSL fails, or there are 2 GiB of them.
    package func seal(_ bytes: [UInt8], context: String) throws(LatchkeyError) -> [UInt8] {
        let nonce = Random.bytes(MasterKey.nonceLength)
        let size = MasterKey.nonceLength + bytes.count + MasterKey.tagLength
        let sealed = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = 0
            guard let target = buffer.baseAddress, let machine = EVP_CIPHER_CTX_new() else { return }
            defer { EVP_CIPHER_CTX_free(machine) }
            target.update(from: nonce, count: nonce.count)
            let content = target + nonce.count
            guard start(machine, encrypting: true, nonce: nonce, context: context),
                MasterKey.update(machine, bytes, into: content), MasterKey.finish(machine),
                lk_gcm_tag(machine, content + bytes.count) == 1
            else { return }
            count = size
        }
        guard !sealed.isEmpty else {
            ERR_clear_error()
            throw LatchkeyError(.keyUnusable, "OpenSSL cannot encrypt with the master key")
        }
        return sealed
    }

    /// - Returns: nil if the bytes were not sealed with this key for this context, or were changed since.
    package func open(_ sealed: [UInt8], context: String) -> [UInt8]? {
        let length = sealed.count - MasterKey.nonceLength - MasterKey.tagLength
        guard length >= 0, let machine = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(machine) }
        let nonce = Array(sealed[..<MasterKey.nonceLength])
        let content = Array(sealed[MasterKey.nonceLength..<(MasterKey.nonceLength + length)])
        let tag = Array(sealed.suffix(MasterKey.tagLength))
        var isOpen = false
        let bytes = [UInt8](unsafeUninitializedCapacity: max(1, length)) { buffer, count in
            count = 0
            guard let target = buffer.baseAddress, start(machine, encrypting: false, nonce: nonce, context: context),
                MasterKey.update(machine, content, into: target), lk_gcm_expect(machine, tag) == 1
            else { return }
            guard MasterKey.finish(machine) else {
                // What is not attested is not to be left behind.
                OPENSSL_cleanse(target, length)
                return
            }
            (isOpen, count) = (true, length)
        }
        if !isOpen { ERR_clear_error() }
        return isOpen ? bytes : nil
    }

    private func start(_ machine: OpaquePointer, encrypting: Bool, nonce: [UInt8], context: String) -> Bool {
        let isSet = key.withBytes { bytes in
            EVP_CipherInit_ex(
                machine,
                EVP_aes_256_gcm(),
                nil,
                bytes.bindMemory(to: UInt8.self).baseAddress,
                nonce,
                encrypting ? 1 : 0
            ) == 1
        }
        // Without a target the bytes are attested only.
        return isSet && MasterKey.update(machine, Array(context.utf8), into: nil)
    }

    private static func update(
        _ machine: OpaquePointer,
        _ bytes: [UInt8],
        into target: UnsafeMutablePointer<UInt8>?
    ) -> Bool {
        guard let size = Int32(exactly: bytes.count) else { return false }
        var written: Int32 = 0
        // Without bytes OpenSSL would take this for the end.
        return size == 0 || (EVP_CipherUpdate(machine, target, &written, bytes, size) == 1 && written == size)
    }

    private static func finish(_ machine: OpaquePointer) -> Bool {
        // GCM has no last block; OpenSSL wants room for one all the same.
        var (block, written) = ((UInt64(0), UInt64(0)), Int32(0))
        return withUnsafeMutableBytes(of: &block) { room in
            EVP_CipherFinal_ex(machine, room.bindMemory(to: UInt8.self).baseAddress, &written) == 1 && written == 0
        }
    }
}
