// SPDX-License-Identifier: Apache-2.0

/// The two files of a certificate.
package struct CertificateFiles: Sendable {
    /// PEM, the certificate itself first.
    package let chain: String
    /// PEM.
    package let key: String

    package init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }
}
