// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyCrypto
package import LatchkeyModel

/// The strings by which EC2, OpenSSH and PuTTY call a key.
package enum Fingerprint {
    /// OpenSSH's: `SHA256:` and the digest of the wire form in base64 without padding. A certificate is called by the key
    /// that it is about.
    package static func openSSH(_ key: PublicKey) -> String {
        "SHA256:" + unpadded(Digest.sha256((key.certifiedKey ?? key).blob))
    }

    /// EC2's for an imported key, as `describe-key-pairs` shows it: MD5 over the SubjectPublicKeyInfo for RSA (not over
    /// the wire form of RFC 4716, whatever the API's text says), padded base64 of the SHA-256 for ED25519.
    ///
    /// - Returns: OpenSSH's form for kinds of key that EC2 does not take.
    package static func ec2Imported(_ key: PublicKey) -> String {
        switch key.typeName {
        case "rsa": SubjectPublicKeyInfo.encode(key).map { colons(Digest.md5($0)) } ?? openSSH(key)
        case "ed25519": Base64.encode(Digest.sha256(key.blob))
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

    static func unpadded(_ digest: [UInt8]) -> String { String(Base64.encode(digest).prefix { $0 != "=" }) }
}

extension Fingerprint {
    /// Every string by which a key could be called, each once.
    ///
    /// - Parameter pkcs8SHA1: nil where the private half is not known, and for other kinds than RSA.
    package static func all(of key: PublicKey, pkcs8SHA1: [UInt8]?) -> [FingerprintName] {
        let key = key.certifiedKey ?? key
        var names: [FingerprintName] = []
        func add(_ fingerprint: String, _ kind: FingerprintKind, _ usedBy: String) {
            names.append(FingerprintName(fingerprint: fingerprint, kind: kind, usedBy: usedBy))
        }
        let (sha256, md5) = (Digest.sha256(key.blob), colons(Digest.md5(key.blob)))
        switch key.typeName {
        case "rsa":
            if let pkcs8SHA1 { add(colons(pkcs8SHA1), .pkcs8SHA1, "EC2, if it made the key") }
            if let spki = SubjectPublicKeyInfo.encode(key) {
                add(colons(Digest.md5(spki)), .spkiMD5, "EC2, if the key was imported")
            }
        case "ed25519": add(Base64.encode(sha256), .wireSHA256, "EC2")
        default: break
        }
        add("SHA256:" + unpadded(sha256), .wireSHA256, "OpenSSH")
        add("MD5:" + md5, .wireMD5, "OpenSSH -E md5, and before 6.8")
        add(BubbleBabble.encode(Digest.sha1(key.blob)), .bubbleBabble, "ssh-keygen -B")
        // PuTTY counts the bits of an ED25519 key without the one that is always the same.
        let bits = key.typeName == "ed25519" ? 255 : key.bits
        let head = [key.algorithm, bits.map(String.init)].compactMap { $0 }.joined(separator: " ")
        add("\(head) SHA256:\(unpadded(sha256))", .wireSHA256, "PuTTY")
        add("\(head) \(md5)", .wireMD5, "PuTTY before 0.75")
        return names
    }
}
