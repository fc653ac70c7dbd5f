// SPDX-License-Identifier: Apache-2.0

// As in CLibCrypto, which shares these headers.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Macros, which Swift does not see.
static inline long lk_ssl_set_host_name(SSL *ssl, const char *name) { return SSL_set_tlsext_host_name(ssl, name); }
static inline long lk_ssl_set_mode(SSL *ssl, long mode) { return SSL_set_mode(ssl, mode); }
static inline long lk_ssl_ctx_set_min_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}
static inline void lk_ssl_ctx_set_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }
static inline long lk_ssl_ctx_set_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_mode(context, mode); }
static inline long lk_ssl_ctx_set_session_cache(SSL_CTX *context, long mode) {
    return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline long lk_bio_set_write_buffer_size(BIO *bio, long size) { return BIO_set_write_buffer_size(bio, size); }
static inline int lk_bio_flush(BIO *bio) { return BIO_flush(bio); }
static inline size_t lk_bio_waiting(BIO *bio) { return BIO_wpending(bio); }
static inline void lk_ssl_ctx_set_server_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}
static inline void lk_bio_wants_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void lk_bio_wants_nothing(BIO *bio) { BIO_clear_retry_flags(bio); }
