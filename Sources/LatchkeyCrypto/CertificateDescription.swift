// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
package import FoundationEssentials
internal import Glibc
package import LatchkeyModel

/// What a certificate says (RFC 5280 §4.1.2.5, §4.2.1.6).
package struct CertificateDescription: Equatable, Sendable {
    /// DNS names and addresses that it is for, in its order; other kinds are left out.
    package let names: [String]
    /// What it is good for begins and ends then.
    package let notBefore: Date
    package let notAfter: Date

    /// Reads the first certificate of a text.
    ///
    /// - Parameter text: PEM; what follows the first certificate is not looked at.
    /// - Throws: `keyUnusable` if there is none.
    package init(_ text: String) throws(LatchkeyError) {
        let certificate = try PEM.certificate(text)
        defer { X509_free(certificate) }
        names = CertificateDescription.names(of: certificate)
        guard let notBefore = CertificateDescription.date(X509_get0_notBefore(certificate)),
            let notAfter = CertificateDescription.date(X509_get0_notAfter(certificate))
        else { throw LatchkeyError(.keyUnusable, "the certificate has dates that cannot be read") }
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// When it should be renewed: a month before its end, or where it is short, when a third of its life is left.
    package var renewal: Date {
        notAfter.addingTimeInterval(-min(30 * 24 * 3600, notAfter.timeIntervalSince(notBefore) / 3))
    }

    private static func date(_ time: UnsafePointer<ASN1_TIME>?) -> Date? {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Date(timeIntervalSince1970: Double(timegm(&parts)))
    }

    private static func names(of certificate: OpaquePointer) -> [String] {
        guard let list = lk_alternative_names(certificate) else { return [] }
        defer { GENERAL_NAMES_free(list) }
        return (0..<lk_names_count(list))
            .compactMap { index in
                var bytes: UnsafePointer<UInt8>?
                var count: Int32 = 0
                let type = lk_names_value(list, index, &bytes, &count)
                let value = UnsafeBufferPointer(start: bytes, count: Int(count))
                return type == GEN_IPADD
                    ? address(value) : type == GEN_DNS ? String(decoding: value, as: UTF8.self) : nil
            }
    }

    /// 4 or 16 bytes in network order.
    private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes.baseAddress, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
