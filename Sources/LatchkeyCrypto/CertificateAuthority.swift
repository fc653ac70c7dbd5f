// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import Glibc
package import LatchkeyModel

/// An authority of one's own, for servers that no public one certifies: a key on P-256 and certificates by RFC 5280.
package enum CertificateAuthority {
    /// A new authority, good for ten years. It certifies servers only, no further authorities.
    ///
    /// - Parameter name: its common name, 1 to 64 characters.
    /// - Throws: `nameInvalid`; `keyUnusable` if OpenSSL fails.
    package static func make(name: String) throws(LatchkeyError) -> CertifiedKey {
        guard (1...64).contains(name.unicodeScalars.count) else {
            throw LatchkeyError(.nameInvalid, "the name of an authority has 1 to 64 characters")
        }
        let key = try freshKey()
        defer { EVP_PKEY_free(key) }
        let draft = try CertificateDraft(key: key, name: name, days: 3653)
        try draft.setIssuer(nil)
        try draft.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
        try draft.add(NID_key_usage, "critical,keyCertSign,cRLSign")
        try draft.add(NID_subject_key_identifier, "hash")
        return CertifiedKey(certificatePEM: try draft.sign(with: key), keyPEM: try PEM.text(ofKey: key))
    }

    /// A certificate for a server with a key of its own.
    ///
    /// - Parameters:
    ///   - names: what it is called by: DNS names (`*.` in front for all of a domain) and addresses, 1 to 100.
    ///   - certificatePEM: the authority's.
    ///   - keyPEM: the authority's.
    ///   - days: how long it is good; what Apple's systems take at the most is 825.
    /// - Throws: `nameInvalid`; `keyUnusable` if the authority's certificate and key cannot be read or do not belong
    ///   together, or OpenSSL fails.
    package static func issue(
        names: [String],
        authority certificatePEM: String,
        keyPEM: borrowing Secret,
        days: Int = 825
    ) throws(LatchkeyError) -> CertifiedKey {
        guard let first = names.first, names.count <= 100 else {
            throw LatchkeyError(.nameInvalid, "a certificate has 1 to 100 names")
        }
        let alternatives = try names.map { name throws(LatchkeyError) in try alternative(name) }
        let authority = try PEM.certificate(certificatePEM)
        defer { X509_free(authority) }
        let authorityKey = try PEM.key(keyPEM)
        defer { EVP_PKEY_free(authorityKey) }
        guard X509_check_private_key(authority, authorityKey) == 1 else {
            ERR_clear_error()
            throw LatchkeyError(.keyUnusable, "the authority's certificate and key do not belong together")
        }
        let key = try freshKey()
        defer { EVP_PKEY_free(key) }
        // A common name ends at 64 characters (RFC 5280 A.1); verifiers look at the alternative names only.
        let draft = try CertificateDraft(key: key, name: first.utf8.count <= 64 ? first : "server", days: days)
        try draft.setIssuer(authority)
        try draft.add(NID_basic_constraints, "critical,CA:FALSE")
        try draft.add(NID_key_usage, "critical,digitalSignature")
        try draft.add(NID_ext_key_usage, "serverAuth")
        try draft.add(NID_subject_alt_name, alternatives.joined(separator: ","))
        try draft.add(NID_subject_key_identifier, "hash")
        try draft.add(NID_authority_key_identifier, "keyid:always")
        return CertifiedKey(certificatePEM: try draft.sign(with: authorityKey), keyPEM: try PEM.text(ofKey: key))
    }

    /// To be freed by the caller.
    private static func freshKey() throws(LatchkeyError) -> OpaquePointer {
        guard let key = lk_generate_p256() else {
            ERR_clear_error()
            throw LatchkeyError(.keyUnusable, "OpenSSL cannot make a key on P-256")
        }
        return key
    }

    /// A name in OpenSSL's notation. Nothing but letters, digits, dots, hyphens and colons gets into it, since a comma
    /// would begin another one.
    private static func alternative(_ name: String) throws(LatchkeyError) -> String {
        var address = in6_addr()
        if inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1 { return "IP:\(name)" }
        let labels = (name.hasPrefix("*.") ? name.dropFirst(2) : name[...])
            .split(
                separator: ".",
                omittingEmptySubsequences: false
            )
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel) else {
            throw LatchkeyError(
                .nameInvalid,
                "'\(name.terminalSafe)' is neither a DNS name nor an address",
                hint: "names beyond ASCII are written in their xn-- form"
            )
        }
        return "DNS:\(name)"
    }

    /// RFC 1123 §2.1, and the underscore, which is in use.
    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.unicodeScalars.allSatisfy { character in
                switch character {
                case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
                default: false
                }
            }
    }
}
