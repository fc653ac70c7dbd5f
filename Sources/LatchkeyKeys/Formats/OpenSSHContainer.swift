// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// The container of OpenSSH's private keys, as its file PROTOCOL.key describes it.
struct OpenSSHContainer {
    static let label = "OPENSSH PRIVATE KEY"
    private static let magic = Array("openssh-key-v1\0".utf8)

    private let encryption: OpenSSHEncryption?
    let publicKey: PublicKey
    /// The private part, encrypted or not.
    private let list: UnsafeRawBufferPointer
    /// What follows the private part: the tag of a cipher that has one.
    private let tag: UnsafeRawBufferPointer

    var isEncrypted: Bool { encryption != nil }

    /// "byte[] AUTH_MAGIC, string ciphername, string kdfname, string kdfoptions, uint32 number of keys N, string
    /// publickey1 …, string encrypted, padded list of private keys".
    ///
    /// - Throws: `malformed`, `unsupported`, `tooCostly`. What it reads must live as long as it does.
    init(_ bytes: UnsafeRawBufferPointer) throws(KeyFault) {
        var reader = SecretReader(bytes)
        guard let magic = reader.bytes(OpenSSHContainer.magic.count), magic.elementsEqual(OpenSSHContainer.magic),
            let cipher = reader.string(), let derivation = reader.string(), let options = reader.string(),
            let count = reader.uint32(), count == 1, let blob = reader.string(),
            let publicKey = PublicKey(blob: Array(blob)), let list = reader.string()
        else { throw .malformed }
        try publicKey.checkKind()
        self.publicKey = publicKey
        self.list = list
        tag = reader.rest
        if cipher.elementsEqual("none".utf8) {
            guard derivation.elementsEqual("none".utf8) else { throw .malformed }
            encryption = nil
        } else {
            encryption = try OpenSSHEncryption(
                cipher: String(terminalSafe: cipher),
                derivation: String(terminalSafe: derivation),
                options: options
            )
        }
    }

    /// Checks the unencrypted private part as far as that costs little; RSA keys are read, for EC2's fingerprint.
    func describe() throws(KeyFault) -> KeyDescription {
        guard encryption == nil else {
            return KeyDescription(format: .openssh, isEncrypted: true, publicKey: publicKey, pkcs8SHA1: nil)
        }
        var reader = SecretReader(list)
        guard OpenSSHContainer.hasGoodHead(&reader), let type = reader.string(),
            type.elementsEqual(publicKey.algorithm.utf8)
        else { throw .malformed }
        var digest: [UInt8]?
        if publicKey.algorithm == "ssh-rsa" { digest = try OpenSSHContainer.rsa(&reader).pkcs8SHA1 }
        return KeyDescription(format: .openssh, isEncrypted: false, publicKey: publicKey, pkcs8SHA1: digest)
    }

    /// - Parameter passphrase: nil for a key that is not encrypted.
    /// - Throws: `malformed`, `locked`, `wrongPassphrase`.
    func open(passphrase: borrowing Secret?) throws(KeyFault) -> OpenedKey {
        let opened = try read(passphrase)
        // The public half outside is what the key is chosen by, so it must be the private one's own.
        guard opened.material.publicKey == publicKey else { throw .malformed }
        return opened
    }

    private func read(_ passphrase: borrowing Secret?) throws(KeyFault) -> OpenedKey {
        guard let encryption else { return try OpenSSHContainer.read(list) }
        return try with(passphrase) { passphrase throws(KeyFault) in
            // A cipher without a tag makes something of any passphrase; the head tells.
            guard let plain = encryption.decrypt(list, tag: Array(tag), passphrase: passphrase),
                plain.withBytes({ bytes in
                    var reader = SecretReader(bytes)
                    return OpenSSHContainer.hasGoodHead(&reader)
                })
            else { throw .wrongPassphrase }
            return try plain.withBytes { bytes throws(KeyFault) in try OpenSSHContainer.read(bytes) }
        } absent: { () throws(KeyFault) in
            throw .locked
        }
    }

    /// "uint32 checkint, uint32 checkint": the two are the same.
    private static func hasGoodHead(_ reader: inout SecretReader) -> Bool {
        guard let first = reader.uint32(), let second = reader.uint32() else { return false }
        return first == second
    }

    /// "byte[] privatekey1, string comment1, …, byte 1, 2, 3 … padlen".
    private static func read(_ list: UnsafeRawBufferPointer) throws(KeyFault) -> OpenedKey {
        var reader = SecretReader(list)
        guard hasGoodHead(&reader), let type = reader.string() else { throw .malformed }
        let material: KeyMaterial
        switch String(terminalSafe: type) {
        case "ssh-rsa": material = try rsa(&reader)
        case "ssh-ed25519": material = try ed25519(&reader)
        case let name:
            guard let curve = ECKey.Curve.allCases.first(where: { $0.algorithm == name }) else { throw .malformed }
            material = try ecdsa(&reader, curve)
        }
        guard let comment = reader.string(), reader.rest.enumerated().allSatisfy({ $0 + 1 == Int($1) }) else {
            throw .malformed
        }
        return OpenedKey(material: material, format: .openssh, comment: String(decoding: comment, as: UTF8.self))
    }

    /// "mpint n, e, d, iqmp, p, q".
    private static func rsa(_ reader: inout SecretReader) throws(KeyFault) -> KeyMaterial {
        guard let n = reader.string(), let e = reader.string(), let d = reader.string(), let inverse = reader.string(),
            let p = reader.string(), let q = reader.string()
        else { throw .malformed }
        return .rsa(try RSAKey(n: n, e: e, d: d, p: p, q: q, inverse: inverse))
    }

    /// "string [identifier], string Q, mpint d".
    private static func ecdsa(_ reader: inout SecretReader, _ curve: ECKey.Curve) throws(KeyFault) -> KeyMaterial {
        guard let name = reader.string(), name.elementsEqual(curve.rawValue.utf8), let point = reader.string(),
            let number = reader.string()
        else { throw .malformed }
        return .ecdsa(try ECKey(curve: curve, point: point, number: number))
    }

    /// "byte[32] ENC(A), byte[32] k || ENC(A)" (draft-miller-ssh-agent §3.2.3).
    private static func ed25519(_ reader: inout SecretReader) throws(KeyFault) -> KeyMaterial {
        guard let point = reader.string(), let pair = reader.string(), pair.count == 2 * Ed25519Key.length else {
            throw .malformed
        }
        let key = try Ed25519Key(
            seed: Secret(copying: UnsafeRawBufferPointer(rebasing: pair[..<Ed25519Key.length]))
        )
        guard key.publicKey.blob.suffix(Ed25519Key.length).elementsEqual(point) else { throw .malformed }
        return .ed25519(key)
    }
}

extension OpenSSHContainer {
    /// The text of a key in this form.
    ///
    /// - Parameter passphrase: nil, or of no length, to leave it in the clear.
    static func text(
        of key: borrowing KeyMaterial,
        comment: String,
        passphrase: borrowing Secret?
    ) throws(KeyFault) -> Secret {
        let publicKey = key.publicKey
        let encryption: OpenSSHEncryption? = try with(passphrase) { _ in
            .fresh()
        } absent: {
            nil
        }
        // The longest part is an RSA key of 16384 bits: seven numbers of 2 KiB or less.
        var list = SecretWriter(capacity: 16 * 1024 + comment.utf8.count)
        let check = UInt32.random(in: .min ... .max)
        list.uint32(check)
        list.uint32(check)
        list.string(publicKey.algorithm.utf8)
        switch key {
        case .rsa(let key): key.write([.n, .e, .d, .inverse, .p, .q], into: &list)
        case .ecdsa(let key):
            list.string(key.curve.rawValue.utf8)
            // The blob ends with the point as a string: four bytes of length and the point.
            var reader = WireReader(key.publicKey.blob)
            for _ in 0..<2 { _ = reader.string() }
            list.string(reader.string() ?? [])
            key.writeNumber(into: &list)
        case .ed25519(let key):
            let point = publicKey.blob.suffix(Ed25519Key.length)
            list.string(point)
            list.uint32(UInt32(2 * Ed25519Key.length))
            key.seed.withBytes { list.raw($0) }
            list.raw(point)
        }
        list.string(comment.utf8)
        // The padding counts from one.
        var padding: UInt8 = 1
        while list.count % (encryption?.blockLength ?? 8) != 0 {
            list.raw([padding])
            padding += 1
        }
        let plain = list.finish()
        let content = try with(passphrase) { passphrase throws(KeyFault) in
            guard let encrypted = encryption?.encrypt(plain, passphrase: passphrase) else { throw .malformed }
            return encrypted
        } absent: {
            plain.withBytes { Secret(copying: $0) }
        }
        var container = SecretWriter(capacity: content.count + publicKey.blob.count + 256)
        container.raw(magic)
        container.string((encryption?.cipherName ?? "none").utf8)
        container.string((encryption == nil ? "none" : "bcrypt").utf8)
        container.string(encryption?.options ?? [])
        container.uint32(1)
        container.string(publicKey.blob)
        content.withBytes { container.string($0) }
        return Armour.encode(label: label, container.finish(), columns: 70)
    }
}
