// SPDX-License-Identifier: Apache-2.0

// OpenSSL 3 marks the per-algorithm functions as old, but its new decoders take 200 times as long for one key (0.43 ms
// against 2 µs), which thousands of key files would feel.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/blowfish.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Macros with a cast or a comma, which Swift does not see.
static inline int lk_rsa_pkcs1_padding(EVP_PKEY_CTX *context) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
}
static inline EVP_PKEY *lk_generate_p256(void) { return EVP_EC_gen("P-256"); }
static inline EVP_PKEY *lk_generate_rsa(unsigned bits) { return EVP_RSA_gen(bits); }
static inline long lk_bio_content(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }
static inline int lk_gcm_tag(EVP_CIPHER_CTX *context, void *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}
static inline int lk_gcm_expect(EVP_CIPHER_CTX *context, const void *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag);
}
static inline GENERAL_NAMES *lk_alternative_names(const X509 *certificate) {
    return X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int lk_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
// GEN_DNS or GEN_IPADD with its bytes, which stay the list's; else another type without any.
static inline int lk_names_value(const GENERAL_NAMES *names, int index, const unsigned char **bytes, int *count) {
    int type = 0;
    const void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &type);
    *bytes = NULL;
    *count = 0;
    if (type == GEN_DNS || type == GEN_IPADD) {
        *bytes = ASN1_STRING_get0_data(value);
        *count = ASN1_STRING_length(value);
    }
    return type;
}
static inline NAME_CONSTRAINTS *lk_name_constraints(const X509 *certificate) {
    return X509_get_ext_d2i(certificate, NID_name_constraints, NULL, NULL);
}
