// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
package import FoundationEssentials
internal import Glibc
package import LatchkeyModel
package import LatchkeySystem

/// An authority of one's own, for servers that no public one certifies: a key on P-256 and certificates by RFC 5280.
package enum CertificateAuthority {
    /// A new authority, good for ten years. It certifies servers only, no further authorities.
    ///
    /// - Parameters:
    ///   - name: its common name, 1 to 64 characters.
    ///   - names: the DNS names and addresses that it may certify (RFC 5280 §4.2.1.10), with all names below those, and
    ///     all private addresses; nil for anything. A stolen key of such an authority can certify nothing else.
    /// - Throws: `nameInvalid`; `keyUnusable` if OpenSSL fails.
    package static func make(name: String, permitting names: [String]? = nil) throws(LatchkeyError) -> CertifiedKey {
        guard (1...64).contains(name.unicodeScalars.count) else {
            throw LatchkeyError(.nameInvalid, "the name of an authority has 1 to 64 characters")
        }
        let key = try freshKey()
        defer { EVP_PKEY_free(key) }
        let draft = try CertificateDraft(key: key, name: name, days: 3653)
        try draft.setIssuer(nil)
        try draft.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
        try draft.add(NID_key_usage, "critical,keyCertSign,cRLSign")
        if let names { try draft.add(NID_name_constraints, try constraints(names)) }
        try draft.add(NID_subject_key_identifier, "hash")
        return CertifiedKey(certificatePEM: try draft.sign(with: key), keyPEM: try PEM.text(ofKey: key))
    }

    /// Addresses that mean nothing beyond a network of one's own, and the machine itself: RFC 1918, RFC 6598, RFC 4193,
    /// loopback. Instances and agents may know a server by one that is not known beforehand.
    private static let privateNetworks = [
        "10.0.0.0/255.0.0.0", "172.16.0.0/255.240.0.0", "192.168.0.0/255.255.0.0", "100.64.0.0/255.192.0.0",
        "127.0.0.0/255.0.0.0", "fc00::/fe00::", "::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]

    /// In the notation of x509v3_config(5).
    private static func constraints(_ names: [String]) throws(LatchkeyError) -> String {
        // Without one name of a kind, all of that kind were permitted.
        var permitted = ["permitted;DNS:localhost"] + privateNetworks.map { "permitted;IP:\($0)" }
        for name in names where name != "localhost" {
            let alternative = try alternative(name)
            if alternative.hasPrefix("IP:") {
                let mask = name.contains(":") ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" : "255.255.255.255"
                permitted.append("permitted;\(alternative)/\(mask)")
            } else {
                permitted.append("permitted;DNS:\(name.hasPrefix("*.") ? String(name.dropFirst(2)) : name)")
            }
        }
        return "critical," + permitted.joined(separator: ",")
    }

    /// Whether an authority may certify a name.
    ///
    /// - Parameter certificatePEM: the authority's.
    /// - Throws: `nameInvalid` if it is neither a DNS name nor an address; `keyUnusable` if the authority's certificate cannot
    ///   be read, or OpenSSL fails.
    package static func permits(_ name: String, authority certificatePEM: String) throws(LatchkeyError) -> Bool {
        let alternative = try alternative(name)
        let authority = try PEM.certificate(certificatePEM)
        defer { X509_free(authority) }
        guard let constraints = lk_name_constraints(authority) else { return true }
        defer { NAME_CONSTRAINTS_free(constraints) }
        let key = try freshKey()
        defer { EVP_PKEY_free(key) }
        let draft = try CertificateDraft(key: key, name: "server", days: 1)
        try draft.setIssuer(nil)
        try draft.add(NID_subject_alt_name, alternative)
        // OpenSSL looks at the names of certificates that it has read.
        let certificate = try PEM.certificate(try draft.sign(with: key))
        defer { X509_free(certificate) }
        _ = X509_check_purpose(certificate, -1, 0)
        return NAME_CONSTRAINTS_check(certificate, constraints) == X509_V_OK
    }

    /// Whether a certificate was made by an authority.
    ///
    /// - Parameters:
    ///   - certificatePEM: its first certificate counts.
    ///   - authorityPEM: the authority's.
    /// - Throws: `keyUnusable` if one of them cannot be read.
    package static func issued(
        _ certificatePEM: String,
        authority authorityPEM: String
    ) throws(LatchkeyError) -> Bool {
        let certificate = try PEM.certificate(certificatePEM)
        defer { X509_free(certificate) }
        let authority = try PEM.certificate(authorityPEM)
        defer { X509_free(authority) }
        let result = X509_verify(certificate, X509_get0_pubkey(authority))
        ERR_clear_error()
        return result == 1
    }

    /// A certificate for a server with a key of its own.
    ///
    /// - Parameters:
    ///   - names: what it is called by: DNS names (`*.` in front for all of a domain) and addresses, 1 to 100.
    ///   - certificatePEM: the authority's.
    ///   - keyPEM: the authority's.
    ///   - days: how long it is good from now on.
    ///   - notBefore: when it begins to be good; nil for an hour ago, for clocks that are slow.
    /// - Throws: `nameInvalid`; `keyUnusable` if the authority's certificate and key cannot be read or do not belong
    ///   together, or OpenSSL fails.
    package static func issue(
        names: [String],
        authority certificatePEM: String,
        keyPEM: borrowing Secret,
        days: Int = 90,
        notBefore: Date? = nil
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
        // A common name ends at 64 characters (RFC 5280 A.1). Verifiers look at the alternative names only, but OpenSSL takes
        // an address in it for a DNS name that an authority may not certify.
        let isCommon = first.utf8.count <= 64 && alternatives[0].hasPrefix("DNS:")
        let draft = try CertificateDraft(key: key, name: isCommon ? first : "server", days: days)
        try draft.setIssuer(authority)
        if let notBefore { try draft.setNotBefore(notBefore) }
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
