// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import LatchkeyModel

/// The strings by which EC2 and OpenSSH call a key.
package enum Fingerprint {
    /// OpenSSH's: `SHA256:` and the digest of the wire form in base64 without padding.
    package static func openSSH(_ key: PublicKey) -> String {
        let base64 = Data(Digest.sha256(key.blob)).base64EncodedString()
        return "SHA256:" + base64.prefix { $0 != "=" }
    }

    /// EC2's for an imported key, as `describe-key-pairs` shows it: MD5 over the SubjectPublicKeyInfo for RSA (not over
    /// the wire form of RFC 4716, whatever the API's text says), padded base64 of the SHA-256 for ED25519.
    ///
    /// - Returns: OpenSSH's form for kinds of key that EC2 does not take.
    package static func ec2Imported(_ key: PublicKey) -> String {
        switch key.typeName {
        case "rsa": SubjectPublicKeyInfo.encode(key).map { colons(Digest.md5($0)) } ?? openSSH(key)
        case "ed25519": Data(Digest.sha256(key.blob)).base64EncodedString()
        default: openSSH(key)
        }
    }

    /// EC2's for a key that it made itself: SHA-1 over the PKCS#8 form of the private key for RSA; as imported otherwise.
    package static func ec2Created(_ key: PublicKey, pkcs8SHA1: [UInt8]?) -> String {
        guard key.typeName == "rsa", let pkcs8SHA1 else { return ec2Imported(key) }
        return colons(pkcs8SHA1)
    }

    /// `ad:57:77:…`, lowercase.
    package static func colons(_ digest: [UInt8]) -> String { digest.map(hexadecimal).joined(separator: ":") }

    /// Two digits, lowercase.
    static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }
}
