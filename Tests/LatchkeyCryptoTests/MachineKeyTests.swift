// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyCrypto
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

struct MachineKeyTests {
    private let message = Array("what is signed".utf8)

    private func text(_ secret: borrowing Secret) -> String { secret.withBytes { String(decoding: $0, as: UTF8.self) } }

    private func secret(_ text: String) -> Secret {
        var secret = Secret(capacity: text.utf8.count)
        _ = Array(text.utf8).withUnsafeBytes { secret.append($0) }
        return secret
    }

    @Test func `a key survives its text, and its signatures verify`() throws {
        let key = try MachineKey.generate()
        let pem = try key.pem()
        #expect(text(pem).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        let again = try MachineKey(pem: pem)
        #expect(again.publicKeyDER == key.publicKeyDER && MachineKey.isUsable(publicKeyDER: key.publicKeyDER))
        let signature = try again.sign(message)
        #expect(signature.count == 256)
        #expect(try signature != again.sign(message))
        #expect(MachineKey.verify(signature, of: message, publicKeyDER: key.publicKeyDER))
        #expect(!MachineKey.verify(signature, of: message + [0], publicKeyDER: key.publicKeyDER))
        #expect(!MachineKey.verify(signature + [0], of: message, publicKeyDER: key.publicKeyDER))
        #expect(!MachineKey.verify([], of: message, publicKeyDER: key.publicKeyDER))
        #expect(try !MachineKey.verify(signature, of: message, publicKeyDER: MachineKey.generate().publicKeyDER))
        for place in stride(from: 0, to: 8 * signature.count, by: 11) {
            var changed = signature
            changed[place / 8] ^= 1 << UInt8(place % 8)
            #expect(!MachineKey.verify(changed, of: message, publicKeyDER: key.publicKeyDER))
        }
        #expect(try MachineKey.verify(key.sign([]), of: [], publicKeyDER: key.publicKeyDER))
    }

    @Test func `OpenSSL agrees, with salts of several lengths`() throws {
        try Scratch.with { scratch in
            let key = try MachineKey.generate()
            let keyFile = try scratch.write("key.pem", text(try key.pem()))
            let messageFile = try scratch.write("message", "what is signed")
            let (signatureFile, publicFile) = ("\(scratch.path)/signature", "\(scratch.path)/public.pem")
            let options = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt"]
            for salt in ["0", "20", "32", "max"] {
                try Execution.require(
                    ["openssl", "dgst"] + options
                        + ["rsa_pss_saltlen:\(salt)", "-sign", keyFile, "-out", signatureFile, messageFile]
                )
                let signature = [UInt8](try Data(contentsOf: URL(fileURLWithPath: signatureFile)))
                #expect(MachineKey.verify(signature, of: message, publicKeyDER: key.publicKeyDER), "\(salt)")
            }
            try Data(try key.sign(message)).write(to: URL(fileURLWithPath: signatureFile))
            try Execution.require(["openssl", "pkey", "-in", keyFile, "-pubout", "-out", publicFile])
            try Execution.require(
                ["openssl", "dgst"] + options
                    + ["rsa_pss_saltlen:32", "-verify", publicFile, "-signature", signatureFile, messageFile]
            )
            // An older way of padding is another signature.
            try Execution.require(["openssl", "dgst", "-sha256", "-sign", keyFile, "-out", signatureFile, messageFile])
            let older = [UInt8](try Data(contentsOf: URL(fileURLWithPath: signatureFile)))
            #expect(!MachineKey.verify(older, of: message, publicKeyDER: key.publicKeyDER))
            let der = try Execution.require(["openssl", "pkey", "-in", keyFile, "-pubout", "-outform", "DER"]).output
            #expect(key.publicKeyDER == [UInt8](der))
        }
    }

    @Test(arguments: ["RSA -pkeyopt rsa_keygen_bits:1024", "EC -pkeyopt ec_paramgen_curve:P-256", "ED25519"])
    func `other keys are refused`(options: String) throws {
        let words = options.split(separator: " ").map(String.init)
        let pem = try Execution.require(["openssl", "genpkey", "-algorithm"] + words).output
        let error = #expect(throws: LatchkeyError.self) {
            _ = try MachineKey(pem: secret(String(decoding: pem, as: UTF8.self)))
        }
        #expect(error?.code == .keyUnusable)
        let der = try Execution.require(["openssl", "pkey", "-pubout", "-outform", "DER"], input: pem).output
        #expect(!MachineKey.isUsable(publicKeyDER: [UInt8](der)))
        #expect(!MachineKey.verify([UInt8](repeating: 1, count: 128), of: message, publicKeyDER: [UInt8](der)))
    }

    @Test func `what is no key is refused`() throws {
        let der = try MachineKey.generate().publicKeyDER
        for count in stride(from: 0, to: der.count, by: 7) {
            #expect(!MachineKey.isUsable(publicKeyDER: Array(der[..<count])))
        }
        #expect(!MachineKey.isUsable(publicKeyDER: der + [0]))
        #expect(!MachineKey.isUsable(publicKeyDER: [UInt8](repeating: 0x30, count: 100_000)))
        for text in ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            #expect(throws: LatchkeyError.self) { _ = try MachineKey(pem: secret(text)) }
        }
    }

    @Test func `nobody is asked for a passphrase`() throws {
        let pem =
            try Execution.require([
                "openssl", "genpkey", "-algorithm", "RSA", "-aes-256-cbc", "-pass", "pass:x",
            ])
            .output
        #expect(throws: LatchkeyError.self) { _ = try MachineKey(pem: secret(String(decoding: pem, as: UTF8.self))) }
    }
}
