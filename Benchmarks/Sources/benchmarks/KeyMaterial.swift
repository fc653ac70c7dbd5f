// SPDX-License-Identifier: Apache-2.0

import CMaterial
import Foundation

/// Private keys by the thousand, each one a real key.
enum KeyMaterial {
    /// An Ed25519 key in OpenSSH's form (PROTOCOL.key of OpenSSH).
    static func ed25519() throws -> String {
        var generator = SystemRandomNumberGenerator()
        let seed = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, 32) else { throw failure }
        defer { EVP_PKEY_free(key) }
        var publicKey = [UInt8](repeating: 0, count: 32)
        var count = publicKey.count
        guard EVP_PKEY_get_raw_public_key(key, &publicKey, &count) == 1 else { throw failure }

        let type = Array("ssh-ed25519".utf8)
        let blob = string(type) + string(publicKey)
        let check = number(UInt32.random(in: .min ... .max, using: &generator))
        var secret = check + check + blob + string(seed + publicKey) + string(Array("benchmark".utf8))
        secret += (1...8).prefix((8 - secret.count % 8) % 8).map { UInt8($0) }
        let none = string(Array("none".utf8))
        let container =
            Array("openssh-key-v1\0".utf8) + none + none + string([]) + number(1) + string(blob) + string(secret)
        return armour("OPENSSH PRIVATE KEY", Data(container).base64EncodedString(), columns: 70)
    }

    /// An RSA key in PKCS#1's form, as EC2 hands it out.
    static func rsa() throws -> String {
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil) else { throw failure }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1,
            EVP_PKEY_keygen(context, &key) == 1, let output = BIO_new(BIO_s_mem())
        else { throw failure }
        defer {
            EVP_PKEY_free(key)
            BIO_free(output)
        }
        guard PEM_write_bio_PrivateKey_traditional(output, key, nil, nil, 0, nil, nil) == 1 else { throw failure }
        var text = [UInt8](repeating: 0, count: 8192)
        let count = BIO_read(output, &text, Int32(text.count))
        return String(decoding: text.prefix(Int(count)), as: UTF8.self)
    }

    private static let failure = Command.Failure(description: "no key can be made")

    private static func armour(_ label: String, _ text: String, columns: Int) -> String {
        var rest = text[...]
        var lines: [Substring] = []
        while !rest.isEmpty {
            lines.append(rest.prefix(columns))
            rest = rest.dropFirst(columns)
        }
        return "-----BEGIN \(label)-----\n\(lines.joined(separator: "\n"))\n-----END \(label)-----\n"
    }

    private static func number(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }

    private static func string(_ bytes: [UInt8]) -> [UInt8] { number(UInt32(bytes.count)) + bytes }
}
