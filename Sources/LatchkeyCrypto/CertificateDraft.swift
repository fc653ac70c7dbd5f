// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import FoundationEssentials
internal import Glibc
internal import LatchkeyModel

/// A certificate that is being made (RFC 5280 §4), in OpenSSL's hands.
final class CertificateDraft {
    private let certificate: OpaquePointer
    /// Stays the caller's; nil for a certificate that signs itself.
    private var issuer: OpaquePointer?

    /// - Parameters:
    ///   - key: OpenSSL's; the certificate takes its public half.
    ///   - name: the subject's common name, 64 characters at the most.
    ///   - days: from now on.
    /// - Throws: `keyUnusable`, as everything here, if OpenSSL fails.
    init(key: OpaquePointer, name: String, days: Int) throws(LatchkeyError) {
        guard let certificate = X509_new() else { throw CertificateDraft.failure() }
        self.certificate = certificate
        // Version 3 is written as 2. An hour back, for clocks that are slow.
        guard X509_set_version(certificate, 2) == 1, X509_set_pubkey(certificate, key) == 1,
            X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != nil,
            X509_time_adj_ex(X509_getm_notAfter(certificate), Int32(clamping: days), 0, nil) != nil,
            CertificateDraft.setSerial(certificate),
            X509_NAME_add_entry_by_NID(
                X509_get_subject_name(certificate),
                NID_commonName,
                MBSTRING_FLAG,
                Array(name.utf8),
                Int32(name.utf8.count),
                -1,
                0
            ) == 1
        else { throw CertificateDraft.failure() }
    }

    deinit { X509_free(certificate) }

    /// RFC 5280 §4.1.2.2: positive, 20 bytes at the most, and impossible to guess.
    private static func setSerial(_ certificate: OpaquePointer) -> Bool {
        var bytes = Random.bytes(20)
        // The highest bit would make it negative; the next one keeps it from becoming shorter.
        bytes[0] = bytes[0] & 0x7F | 0x40
        let number = BN_bin2bn(bytes, Int32(bytes.count), nil)
        defer { BN_free(number) }
        return number != nil && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
    }

    /// - Parameter issuer: OpenSSL's certificate, which must outlive the draft; nil to sign itself.
    func setIssuer(_ issuer: OpaquePointer?) throws(LatchkeyError) {
        self.issuer = issuer
        let name = X509_get_subject_name(issuer ?? certificate)
        guard X509_set_issuer_name(certificate, name) == 1 else { throw CertificateDraft.failure() }
    }

    func setNotBefore(_ date: Date) throws(LatchkeyError) {
        guard ASN1_TIME_set(X509_getm_notBefore(certificate), time_t(date.timeIntervalSince1970)) != nil else {
            throw CertificateDraft.failure()
        }
    }

    /// Adds an extension.
    ///
    /// - Parameter value: in the notation of x509v3_config(5).
    func add(_ identifier: Int32, _ value: String) throws(LatchkeyError) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer ?? certificate, certificate, nil, nil, 0)
        guard let made = X509V3_EXT_conf_nid(nil, &context, identifier, value) else { throw CertificateDraft.failure() }
        defer { X509_EXTENSION_free(made) }
        guard X509_add_ext(certificate, made, -1) == 1 else { throw CertificateDraft.failure() }
    }

    /// - Parameter key: OpenSSL's, the issuer's.
    /// - Returns: the certificate as PEM.
    func sign(with key: OpaquePointer) throws(LatchkeyError) -> String {
        guard X509_sign(certificate, key, EVP_sha256()) > 0 else { throw CertificateDraft.failure() }
        return try PEM.text(ofCertificate: certificate)
    }

    private static func failure() -> LatchkeyError {
        let message = ERR_reason_error_string(ERR_get_error()).map { String(cString: $0) }
        ERR_clear_error()
        return LatchkeyError(.keyUnusable, "OpenSSL cannot make the certificate", cause: message)
    }
}
