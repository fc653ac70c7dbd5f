// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// The container of OpenSSH's private keys, as its file PROTOCOL.key describes it.
enum OpenSSHContainer {
    static let magic = Array("openssh-key-v1\0".utf8)
    private static let readableCiphers = [
        "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-ctr", "aes192-ctr", "aes256-ctr", "3des-cbc",
    ]
    /// ssh-keygen's own default is 16 (24 since 9.4); 1,000 rounds take some seconds, 100,000 would take minutes.
    private static let roundsLimit: UInt32 = 8192

    /// "byte[] AUTH_MAGIC, string ciphername, string kdfname, string kdfoptions, uint32 number of keys N, string
    /// publickey1 …, string encrypted, padded list of private keys".
    static func describe(_ bytes: UnsafeRawBufferPointer) throws(KeyFault) -> KeyDescription {
        var reader = SecretReader(bytes)
        guard reader.bytes(magic.count).map({ $0.elementsEqual(magic) }) == true, let cipher = reader.string(),
            let derivation = reader.string(), let options = reader.string(), let count = reader.uint32(), count == 1,
            let blob = reader.string(), let publicKey = PublicKey(blob: Array(blob)), let list = reader.string()
        else { throw .malformed }
        try check(publicKey)
        let isEncrypted = !cipher.elementsEqual("none".utf8)
        guard isEncrypted else {
            guard derivation.elementsEqual("none".utf8) else { throw .malformed }
            let digest = try privateDigest(list, publicKey)
            return KeyDescription(format: .openssh, isEncrypted: false, publicKey: publicKey, pkcs8SHA1: digest)
        }
        // libssh crashes on the others (0.10.6: aes256-gcm@openssh.com, chacha20-poly1305@openssh.com).
        guard readableCiphers.contains(where: { $0.utf8.elementsEqual(cipher) }) else {
            throw .unsupported("encrypted with \(String(terminalSafe: cipher))")
        }
        if derivation.elementsEqual("bcrypt".utf8) {
            // "string salt, uint32 rounds"
            var reader = SecretReader(options)
            guard reader.string() != nil, let rounds = reader.uint32() else { throw .malformed }
            guard rounds <= roundsLimit else { throw .tooCostly("\(rounds) bcrypt rounds") }
        }
        return KeyDescription(format: .openssh, isEncrypted: true, publicKey: publicKey, pkcs8SHA1: nil)
    }

    private static func check(_ key: PublicKey) throws(KeyFault) {
        switch key.algorithm {
        case "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521": return
        case "ssh-dss": throw .unsupported("a DSA key")
        case let name where name.hasPrefix("sk-"):
            throw .unsupported("the handle of a security key (\(name.terminalSafe))")
        case let name: throw .unsupported("of the kind '\(name.terminalSafe)'")
        }
    }

    /// Checks the list of private keys as far as it can be checked, and digests an RSA key as EC2 does.
    ///
    /// "uint32 checkint, uint32 checkint, byte[] privatekey1, string comment1, …, byte 1, 2, 3 … padlen": the two numbers
    /// are the same; RSA's fields are string type, mpint n, e, d, iqmp, p, q.
    private static func privateDigest(_ list: UnsafeRawBufferPointer, _ key: PublicKey) throws(KeyFault) -> [UInt8]? {
        var reader = SecretReader(list)
        guard let first = reader.uint32(), first == reader.uint32(), let type = reader.string(),
            type.elementsEqual(key.algorithm.utf8)
        else { throw .malformed }
        guard key.algorithm == "ssh-rsa" else { return nil }
        guard let n = reader.string(), let e = reader.string(), let d = reader.string(), let inverse = reader.string(),
            let p = reader.string(), let q = reader.string()
        else { throw .malformed }
        return try RSAKey(n: n, e: e, d: d, p: p, q: q, inverse: inverse).pkcs8SHA1
    }

    /// An unencrypted ED25519 key in this form. "byte[32] ENC(A), byte[32] k || ENC(A)" (draft-miller-ssh-agent §3.2.3).
    static func ed25519(seed: UnsafeRawBufferPointer, publicKey: PublicKey, comment: String) -> Secret {
        let raw = publicKey.blob.suffix(32)
        var list = SecretWriter(capacity: 1024)
        let check = UInt32.random(in: .min ... .max)
        list.uint32(check)
        list.uint32(check)
        list.string(publicKey.algorithm.utf8)
        list.string(raw)
        list.uint32(64)
        list.raw(seed)
        list.raw(raw)
        list.string(comment.utf8)
        // The cipher "none" has blocks of eight bytes; the padding counts from one.
        var padding: UInt8 = 1
        while list.count % 8 != 0 {
            list.raw([padding])
            padding += 1
        }
        var container = SecretWriter(capacity: 2048)
        container.raw(magic)
        container.string("none".utf8)
        container.string("none".utf8)
        container.string("".utf8)
        container.uint32(1)
        container.string(publicKey.blob)
        let content = list.finish()
        content.withBytes { container.string($0) }
        return container.finish()
    }
}

/// Reads SSH's data types (RFC 4251 §5) in place, so that private parts are not copied.
struct SecretReader {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    mutating func uint32() -> UInt32? {
        bytes(4).map { $0.reduce(0) { $0 << 8 | UInt32($1) } }
    }

    mutating func string() -> UnsafeRawBufferPointer? {
        let start = rest
        guard let length = uint32(), let value = bytes(Int(length)) else {
            rest = start
            return nil
        }
        return value
    }

    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count <= rest.count else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }
}

/// Writes SSH's data types into secret memory. What does not fit is a mistake of the caller.
struct SecretWriter: ~Copyable {
    private var secret: Secret

    init(capacity: Int) { secret = Secret(capacity: capacity) }

    var count: Int { secret.count }

    mutating func raw(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { precondition(secret.append(byte), "the capacity was chosen too small") }
    }

    mutating func uint32(_ value: UInt32) {
        raw([UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)])
    }

    mutating func string(_ bytes: some Collection<UInt8>) {
        uint32(UInt32(bytes.count))
        raw(bytes)
    }

    consuming func finish() -> Secret { secret }
}
