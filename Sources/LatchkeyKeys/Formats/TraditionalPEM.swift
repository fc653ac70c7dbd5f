// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import Glibc
internal import LatchkeyModel
internal import LatchkeySystem

/// The encryption of OpenSSL's older files (PKCS#1, SEC1), told by header lines (RFC 1421 §4.6): the key is one round of
/// MD5, which is weak whatever the passphrase. It is read, and written where a key was so before.
enum TraditionalPEM {
    /// - Throws: `wrongPassphrase`, `unsupported`.
    static func decrypt(_ armour: borrowing Armour, passphrase: borrowing Secret) throws(KeyFault) -> Secret {
        guard passphrase.count > 0 else { throw .wrongPassphrase }
        var header = Array((armour.headers.joined(separator: "\n") + "\n").utf8CString)
        var info = EVP_CIPHER_INFO()
        guard PEM_get_EVP_CIPHER_INFO(&header, &info) == 1, info.cipher != nil else {
            throw .unsupported("encrypted in an unknown way")
        }
        // The older ones (DES) belong to a provider that is not loaded.
        let name = EVP_CIPHER_get0_name(info.cipher).map { String(cString: $0) } ?? ""
        let fetched = EVP_CIPHER_fetch(nil, name, nil)
        defer { EVP_CIPHER_free(fetched) }
        guard fetched != nil else {
            throw .unsupported("encrypted with \(name.terminalSafe), which this OpenSSL cannot decrypt")
        }
        var content = Secret(capacity: armour.content.count)
        // OpenSSL decrypts in place, and asks for the passphrase by a callback that gets it as its last argument.
        let written = passphrase.withBytes { passphrase -> Int in
            var request = passphrase
            return armour.content.withBytes { encrypted in
                content.fill { buffer in
                    buffer.copyMemory(from: encrypted)
                    var length = encrypted.count
                    let done = withUnsafeMutablePointer(to: &request) { request in
                        PEM_do_header(
                            &info,
                            buffer.bindMemory(to: UInt8.self).baseAddress,
                            &length,
                            { TraditionalPEM.give($0, $1, $3) },
                            request
                        )
                    }
                    return done == 1 ? length : -1
                }
            }
        }
        guard written >= 0 else { throw .wrongPassphrase }
        return content
    }

    private static func give(
        _ target: UnsafeMutablePointer<CChar>?,
        _ room: Int32,
        _ request: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard let target, let request else { return -1 }
        let passphrase = request.assumingMemoryBound(to: UnsafeRawBufferPointer.self).pointee
        guard passphrase.count <= Int(room), let base = passphrase.baseAddress else { return -1 }
        memcpy(target, base, passphrase.count)
        return Int32(passphrase.count)
    }

    /// The text of `content`, encrypted with AES-256.
    static func text(label: String, _ content: borrowing Secret, passphrase: borrowing Secret) throws(KeyFault)
        -> Secret
    {
        let initialization = Salt.fresh()
        let cipher = Cipher(algorithm: EVP_aes_256_cbc())
        // "The first 8 bytes of the initialization vector are the salt" (EVP_BytesToKey(3)).
        var key = Secret(capacity: 32)
        _ = key.fill { buffer in
            passphrase.withBytes { passphrase in
                let bytes = passphrase.bindMemory(to: UInt8.self).baseAddress
                let target = buffer.bindMemory(to: UInt8.self).baseAddress
                let made = EVP_BytesToKey(
                    cipher.algorithm,
                    EVP_md5(),
                    initialization,
                    bytes,
                    Int32(passphrase.count),
                    1,
                    target,
                    nil
                )
                return made == 32 ? 32 : -1
            }
        }
        let padded = content.paddedToBlocks(of: 16)
        var vector = Secret(capacity: 16)
        for byte in initialization { _ = vector.append(byte) }
        let encrypted = key.withBytes { key in
            vector.withBytes { vector in
                padded.withBytes { cipher.encrypt($0, key: key, initialization: vector) }
            }
        }
        guard let encrypted else { throw .unsupported("not to be encrypted by this OpenSSL") }
        let digits = initialization.map { Fingerprint.hexadecimal($0).uppercased() }.joined()
        return Armour.encode(
            label: label,
            headers: ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-256-CBC,\(digits)"],
            encrypted
        )
    }
}

extension Secret {
    /// A copy with as many bytes of that same number added as fill the last block (RFC 5652 §6.3).
    fileprivate borrowing func paddedToBlocks(of length: Int) -> Secret {
        let padding = length - count % length
        var padded = Secret(capacity: count + padding)
        withBytes { _ = padded.append($0) }
        for _ in 0..<padding { _ = padded.append(UInt8(padding)) }
        return padded
    }
}
