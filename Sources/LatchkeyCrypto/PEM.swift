// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// OpenSSL's reading and writing of keys and certificates as text (RFC 7468).
enum PEM {
    /// A private key in the clear, as PKCS#8.
    ///
    /// - Throws: `keyUnusable` if OpenSSL cannot write it.
    static func text(ofKey key: OpaquePointer) throws(LatchkeyError) -> Secret {
        // Of OpenSSL's memory that is wiped when it is given back.
        guard let target = BIO_new(BIO_s_secmem()) else { throw unwritable() }
        defer { BIO_free(target) }
        guard PEM_write_bio_PKCS8PrivateKey(target, key, nil, nil, 0, nil, nil) == 1 else { throw unwritable() }
        let content = content(of: target)
        var text = Secret(capacity: content.count)
        _ = text.append(content)
        return text
    }

    /// - Returns: OpenSSL's key, to be freed by the caller.
    /// - Throws: `keyUnusable` if the text is not one in the clear.
    static func key(_ text: borrowing Secret) throws(LatchkeyError) -> OpaquePointer {
        let key = text.withBytes { bytes -> OpaquePointer? in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { BIO_free(source) }
            // Without a callback OpenSSL would ask for a passphrase at the terminal.
            return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let key else {
            ERR_clear_error()
            throw LatchkeyError(.keyUnusable, "this is not a private key in PEM form without a passphrase")
        }
        return key
    }

    /// - Throws: `keyUnusable` if OpenSSL cannot write it.
    static func text(ofCertificate certificate: OpaquePointer) throws(LatchkeyError) -> String {
        guard let target = BIO_new(BIO_s_mem()) else { throw unwritable() }
        defer { BIO_free(target) }
        guard PEM_write_bio_X509(target, certificate) == 1 else { throw unwritable() }
        return String(decoding: content(of: target), as: UTF8.self)
    }

    /// - Returns: OpenSSL's certificate, to be freed by the caller.
    /// - Throws: `keyUnusable` if the text is none.
    static func certificate(_ text: String) throws(LatchkeyError) -> OpaquePointer {
        let certificate = Array(text.utf8)
            .withUnsafeBytes { bytes -> OpaquePointer? in
                guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
                defer { BIO_free(source) }
                return PEM_read_bio_X509(source, nil, { _, _, _, _ in -1 }, nil)
            }
        guard let certificate else {
            ERR_clear_error()
            throw LatchkeyError(.keyUnusable, "this is not a certificate in PEM form")
        }
        return certificate
    }

    /// Valid as long as `bio` is not changed.
    private static func content(of bio: OpaquePointer) -> UnsafeRawBufferPointer {
        var start: UnsafeMutablePointer<CChar>?
        let count = lk_bio_content(bio, &start)
        return UnsafeRawBufferPointer(start: start, count: max(0, count))
    }

    private static func unwritable() -> LatchkeyError {
        ERR_clear_error()
        return LatchkeyError(.keyUnusable, "OpenSSL cannot write this key or certificate")
    }
}
