// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto
package import LatchkeyModel

/// What a fingerprint is a digest of, and with which function.
package enum FingerprintKind: String, CaseIterable, Codable, Sendable {
    /// SHA-1 of the private key's PKCS#8 form: EC2, of RSA keys that it made.
    case pkcs8SHA1
    /// MD5 of the SubjectPublicKeyInfo: EC2, of RSA keys that were imported.
    case spkiMD5
    /// SHA-256 of the wire form: EC2 of ED25519 keys, OpenSSH, PuTTY.
    case wireSHA256
    /// MD5 of the wire form (RFC 4716 §4): OpenSSH before 6.8, PuTTY before 0.75.
    case wireMD5
    /// SHA-1 of the wire form, said in words.
    case bubbleBabble

    /// The digest of a key.
    ///
    /// - Returns: nil if this kind of key has none, or its private half would have to be known.
    package func digest(of key: PublicKey, pkcs8SHA1: [UInt8]?) -> [UInt8]? {
        switch self {
        case .pkcs8SHA1: pkcs8SHA1
        case .spkiMD5: SubjectPublicKeyInfo.encode(key).map(Digest.md5)
        case .wireSHA256: Digest.sha256(key.blob)
        case .wireMD5: Digest.md5(key.blob)
        case .bubbleBabble: Digest.sha1(key.blob)
        }
    }
}
