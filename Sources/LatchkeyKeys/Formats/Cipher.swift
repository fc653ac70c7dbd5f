// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// A symmetric cipher of OpenSSL's, over secret memory. Padding is the format's affair.
struct Cipher {
    let algorithm: OpaquePointer?

    /// Bytes.
    var keyLength: Int { Int(EVP_CIPHER_get_key_length(algorithm)) }
    var initializationLength: Int { Int(EVP_CIPHER_get_iv_length(algorithm)) }

    /// - Parameters:
    ///   - key: at least ``keyLength`` bytes.
    ///   - initialization: at least ``initializationLength`` bytes.
    ///   - tag: the authentication tag that must fit, for a cipher that has one.
    /// - Returns: nil if the input is not whole blocks, or the tag does not fit.
    func decrypt(
        _ input: UnsafeRawBufferPointer,
        key: UnsafeRawBufferPointer,
        initialization: UnsafeRawBufferPointer,
        tag: [UInt8]? = nil
    ) -> Secret? {
        run(input, key: key, initialization: initialization, tag: tag, encrypts: false)
    }

    func encrypt(
        _ input: UnsafeRawBufferPointer,
        key: UnsafeRawBufferPointer,
        initialization: UnsafeRawBufferPointer
    ) -> Secret? {
        run(input, key: key, initialization: initialization, tag: nil, encrypts: true)
    }

    private func run(
        _ input: UnsafeRawBufferPointer,
        key: UnsafeRawBufferPointer,
        initialization: UnsafeRawBufferPointer,
        tag: [UInt8]?,
        encrypts: Bool
    ) -> Secret? {
        guard let algorithm, key.count >= keyLength, initialization.count >= initializationLength,
            let context = EVP_CIPHER_CTX_new()
        else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        let keyBytes = key.bindMemory(to: UInt8.self).baseAddress
        let initializationBytes = initialization.bindMemory(to: UInt8.self).baseAddress
        guard
            EVP_CipherInit_ex(context, algorithm, nil, keyBytes, initializationBytes, encrypts ? 1 : 0) == 1,
            EVP_CIPHER_CTX_set_padding(context, 0) == 1
        else { return nil }
        if var tag {
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1 else { return nil }
        }
        var output = Secret(capacity: input.count)
        let written = output.fill { buffer in
            var (count, rest): (Int32, Int32) = (0, 0)
            let target = buffer.bindMemory(to: UInt8.self).baseAddress
            let source = input.bindMemory(to: UInt8.self).baseAddress
            guard EVP_CipherUpdate(context, target, &count, source, Int32(input.count)) == 1,
                EVP_CipherFinal_ex(context, target?.advanced(by: Int(count)), &rest) == 1
            else { return -1 }
            return Int(count + rest)
        }
        guard written == input.count else { return nil }
        return output
    }
}
