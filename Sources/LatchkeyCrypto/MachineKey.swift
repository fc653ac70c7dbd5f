// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
package import LatchkeyModel
package import LatchkeySystem

/// The RSA key that a machine proves itself with, in OpenSSL's hands.
///
/// It is never changed after it was made, and OpenSSL's functions on it are safe on several threads at once: hence
/// `@unchecked`.
package final class MachineKey: @unchecked Sendable {
    /// The sizes that are taken, in bits: less protects nothing, and more keeps a server busy for others.
    private static let sizes = 2048...8192
    /// What a key of 8192 bits needs, and more.
    private static let derLimit = 4096

    private let key: OpaquePointer

    /// RFC 5280 §4.1.2.7: SubjectPublicKeyInfo in DER.
    package let publicKeyDER: [UInt8]

    /// A new key of 2048 bits.
    ///
    /// - Throws: `keyUnusable` if OpenSSL fails.
    package static func generate() throws(LatchkeyError) -> MachineKey {
        guard let key = lk_generate_rsa(2048) else {
            ERR_clear_error()
            throw LatchkeyError(.keyUnusable, "OpenSSL cannot make an RSA key")
        }
        return try MachineKey(owning: key)
    }

    /// - Parameter pem: PKCS#8 or PKCS#1, in the clear.
    /// - Throws: `keyUnusable` if it is not an RSA key of 2048 to 8192 bits.
    package convenience init(pem: borrowing Secret) throws(LatchkeyError) {
        try self.init(owning: try PEM.key(pem))
    }

    private init(owning key: OpaquePointer) throws(LatchkeyError) {
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, MachineKey.sizes.contains(Int(EVP_PKEY_get_bits(key))) else {
            EVP_PKEY_free(key)
            throw LatchkeyError(.keyUnusable, "a machine's key is an RSA key of 2048 to 8192 bits")
        }
        publicKeyDER = [UInt8](unsafeUninitializedCapacity: MachineKey.derLimit) { buffer, count in
            let length = i2d_PUBKEY(key, nil)
            var position = buffer.baseAddress
            count = length > 0 && length <= buffer.count ? Int(max(0, i2d_PUBKEY(key, &position))) : 0
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// PKCS#8, in the clear.
    ///
    /// - Throws: `keyUnusable` if OpenSSL cannot write it.
    package func pem() throws(LatchkeyError) -> Secret { try PEM.text(ofKey: key) }

    /// RSASSA-PSS with SHA-256 and 32 bytes of salt (RFC 8017 §8.1.1).
    ///
    /// - Throws: `keyUnusable` if OpenSSL fails.
    package func sign(_ message: [UInt8]) throws(LatchkeyError) -> [UInt8] {
        var signature: [UInt8] = []
        if let context = EVP_MD_CTX_new() {
            defer { EVP_MD_CTX_free(context) }
            var settings: OpaquePointer?
            if EVP_DigestSignInit(context, &settings, EVP_sha256(), nil, key) == 1,
                EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1
            {
                signature = [UInt8](unsafeUninitializedCapacity: Int(EVP_PKEY_get_size(key))) { buffer, count in
                    count = buffer.count
                    if EVP_DigestSign(context, buffer.baseAddress, &count, message, message.count) != 1 { count = 0 }
                }
            }
        }
        guard !signature.isEmpty else {
            ERR_clear_error()
            throw LatchkeyError(.keyUnusable, "OpenSSL cannot sign with the machine's key")
        }
        return signature
    }

    /// Whether a signature is one of RSASSA-PSS with SHA-256 (RFC 8017 §8.1.2), its salt of any length.
    ///
    /// - Parameter publicKeyDER: SubjectPublicKeyInfo; anything but an RSA key of 2048 to 8192 bits verifies nothing.
    package static func verify(_ signature: [UInt8], of message: [UInt8], publicKeyDER: [UInt8]) -> Bool {
        guard let key = publicKey(publicKeyDER), let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_PKEY_free(key)
            EVP_MD_CTX_free(context)
        }
        var settings: OpaquePointer?
        let isGood =
            signature.count == Int(EVP_PKEY_get_size(key))
            && EVP_DigestVerifyInit(context, &settings, EVP_sha256(), nil, key) == 1
            && EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1
            && EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_AUTO) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        if !isGood { ERR_clear_error() }
        return isGood
    }

    /// Whether these bytes are a public key that signatures can be verified with.
    package static func isUsable(publicKeyDER: [UInt8]) -> Bool {
        guard let key = publicKey(publicKeyDER) else { return false }
        EVP_PKEY_free(key)
        return true
    }

    /// To be freed by the caller.
    private static func publicKey(_ der: [UInt8]) -> OpaquePointer? {
        guard der.count <= derLimit else { return nil }
        // The function for RSA alone is much faster than the one that guesses.
        let numbers = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var position = buffer.baseAddress
            guard let numbers = d2i_RSA_PUBKEY(nil, &position, buffer.count) else { return nil }
            if position == buffer.baseAddress.map({ $0 + buffer.count }) { return numbers }
            RSA_free(numbers)
            return nil
        }
        guard let numbers else {
            ERR_clear_error()
            return nil
        }
        defer { RSA_free(numbers) }
        guard sizes.contains(Int(RSA_bits(numbers))), let key = EVP_PKEY_new() else { return nil }
        if EVP_PKEY_set1_RSA(key, numbers) == 1 { return key }
        EVP_PKEY_free(key)
        return nil
    }
}
