// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import LatchkeyCrypto
internal import LatchkeyModel
internal import LatchkeySystem

/// A private key in the clear, of one of the kinds that can be used.
enum KeyMaterial: ~Copyable {
    case rsa(RSAKey)
    case ecdsa(ECKey)
    case ed25519(Ed25519Key)

    /// What can be made anew.
    enum Kind: Equatable, Sendable {
        case rsa(bits: Int)
        case ecdsa(ECKey.Curve)
        case ed25519
    }

    static func generate(_ kind: Kind) throws(KeyFault) -> KeyMaterial {
        switch kind {
        case .rsa(let bits): .rsa(try .generate(bits: bits))
        case .ecdsa(let curve): .ecdsa(try .generate(curve))
        case .ed25519: .ed25519(try .generate())
        }
    }

    var publicKey: PublicKey {
        switch self {
        case .rsa(let key): key.publicKey
        case .ecdsa(let key): key.publicKey
        case .ed25519(let key): key.publicKey
        }
    }

    var isRSA: Bool {
        switch self {
        case .rsa: true
        default: false
        }
    }

    /// Whether its numbers belong together. ED25519 has one number only.
    var isConsistent: Bool {
        switch self {
        case .rsa(let key): key.isConsistent
        case .ecdsa(let key): key.isConsistent
        case .ed25519: true
        }
    }

    /// SHA-1 over the PKCS#8 form: what EC2 shows of RSA keys that it made; nil for other kinds.
    var pkcs8SHA1: [UInt8]? {
        guard isRSA else { return nil }
        return try? PKCS8.encode(self).withBytes { Digest.sha1($0) }
    }

    /// OpenSSL's key for signing and decrypting, to be freed by the caller.
    func makeEVPKey() -> OpaquePointer? {
        switch self {
        case .ed25519(let key): return key.seed.withBytes(Ed25519Key.key)
        case .rsa(let key): return KeyMaterial.wrap { EVP_PKEY_set1_RSA($0, key.pointer) }
        case .ecdsa(let key): return KeyMaterial.wrap { EVP_PKEY_set1_EC_KEY($0, key.pointer) }
        }
    }

    private static func wrap(_ set: (OpaquePointer?) -> Int32) -> OpaquePointer? {
        let wrapper = EVP_PKEY_new()
        if set(wrapper) == 1 { return wrapper }
        EVP_PKEY_free(wrapper)
        return nil
    }
}
