// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
package import LatchkeySystem

/// A certificate with the private key that belongs to it.
package struct CertifiedKey: ~Copyable {
    /// X.509 (RFC 5280) as PEM; not secret.
    package let certificatePEM: String
    /// PKCS#8 as PEM, in the clear.
    package let keyPEM: Secret
}
