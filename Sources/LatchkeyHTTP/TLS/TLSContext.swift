// SPDX-License-Identifier: Apache-2.0

internal import CLibSSL
internal import LatchkeyModel

/// A certificate with its key, ready for connections.
final class TLSContext: @unchecked Sendable {
    // Not changed after it is made; OpenSSL counts its users under a lock of its own.
    private let context: OpaquePointer

    /// - Parameters:
    ///   - chain: a file of PEM certificates, the server's own first.
    ///   - key: a file with its private key.
    /// - Throws: `configurationInvalid`.
    init(chain: String, key: String) throws {
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw TLSContext.invalid(chain) }
        self.context = context
        _ = lk_ssl_ctx_set_min_version(context, TLS1_2_VERSION)
        lk_ssl_ctx_set_server_options(context)
        // The first is what machines with instructions for AES do fastest; the last is for those without.
        _ = SSL_CTX_set_ciphersuites(
            context,
            "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
        )
        // TLS 1.2 with forward secrecy and authenticated encryption only.
        _ = SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20")
        // An idle connection keeps no buffers. Sessions are resumed by tickets, of which nothing is kept either.
        _ = lk_ssl_ctx_set_mode(context, Int(SSL_MODE_RELEASE_BUFFERS))
        _ = lk_ssl_ctx_set_session_cache(context, Int(SSL_SESS_CACHE_OFF))
        _ = SSL_CTX_set_num_tickets(context, 1)
        SSL_CTX_set_alpn_select_cb(
            context,
            { _, chosen, size, offers, count, _ in
                chooseHTTP(chosen, size, UnsafeBufferPointer(start: offers, count: Int(count)))
            },
            nil
        )
        guard SSL_CTX_use_certificate_chain_file(context, chain) == 1,
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(context) == 1
        else {
            throw TLSContext.invalid(chain)
        }
    }

    deinit { SSL_CTX_free(context) }

    func makeConnection() -> OpaquePointer? { SSL_new(context) }

    private static func invalid(_ chain: String) -> LatchkeyError {
        let message = ERR_reason_error_string(ERR_get_error()).map { String(cString: $0) } ?? "out of memory"
        return LatchkeyError(
            .configurationInvalid,
            "the certificate '\(chain.terminalSafe)' cannot be used: \(message.terminalSafe)",
            hint: "latchkeyd init makes a new one"
        )
    }
}

private let http: StaticString = "http/1.1"

/// Answers which protocol is spoken (RFC 7301 §3.2); where none of those offered is known, it is not talked about.
private func chooseHTTP(
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ size: UnsafeMutablePointer<UInt8>?,
    _ offers: UnsafeBufferPointer<UInt8>
) -> Int32 {
    var rest = offers[...]
    while let length = rest.popFirst(), rest.count >= length {
        if rest.prefix(Int(length))
            .elementsEqual(UnsafeBufferPointer(start: http.utf8Start, count: http.utf8CodeUnitCount))
        {
            chosen?.pointee = http.utf8Start
            size?.pointee = UInt8(http.utf8CodeUnitCount)
            return SSL_TLSEXT_ERR_OK
        }
        rest = rest.dropFirst(Int(length))
    }
    return SSL_TLSEXT_ERR_NOACK
}
