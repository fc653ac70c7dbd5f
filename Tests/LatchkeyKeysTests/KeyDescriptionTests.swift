// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyKeys

struct KeyDescriptionTests {
    /// How a key is made: a shell line that writes `$1` with what the field makes by custom, plain or encrypted.
    struct Recipe: CustomTestStringConvertible, Sendable {
        let name: String
        let script: String
        let format: KeyFormat
        let isEncrypted: Bool
        /// Whether its public half can be seen without the passphrase.
        let isOpen: Bool
        var testDescription: String { name }

        init(_ name: String, _ script: String, _ format: KeyFormat, encrypted: Bool = false, open: Bool? = nil) {
            self.name = name
            self.script = script
            self.format = format
            isEncrypted = encrypted
            isOpen = open ?? !encrypted
        }
    }

    static let recipes = [
        Recipe("ssh-keygen ed25519", "ssh-keygen -q -t ed25519 -N '' -f $1", .openssh),
        Recipe(
            "ssh-keygen ed25519 encrypted",
            "ssh-keygen -q -t ed25519 -N secret -f $1",
            .openssh,
            encrypted: true,
            open: true
        ),
        Recipe("ssh-keygen rsa", "ssh-keygen -q -t rsa -b 2048 -N '' -f $1", .openssh),
        Recipe(
            "ssh-keygen rsa encrypted",
            "ssh-keygen -q -t rsa -b 2048 -N secret -f $1",
            .openssh,
            encrypted: true,
            open: true
        ),
        Recipe("ssh-keygen ecdsa 256", "ssh-keygen -q -t ecdsa -b 256 -N '' -f $1", .openssh),
        Recipe("ssh-keygen ecdsa 384", "ssh-keygen -q -t ecdsa -b 384 -N '' -f $1", .openssh),
        Recipe("ssh-keygen ecdsa 521", "ssh-keygen -q -t ecdsa -b 521 -N '' -f $1", .openssh),
        Recipe("ssh-keygen -m PEM rsa", "ssh-keygen -q -m PEM -t rsa -b 2048 -N '' -f $1", .pkcs1),
        Recipe(
            "ssh-keygen -m PEM rsa encrypted",
            "ssh-keygen -q -m PEM -t rsa -b 2048 -N secret -f $1",
            .pkcs1,
            encrypted: true
        ),
        Recipe("ssh-keygen -m PKCS8 rsa", "ssh-keygen -q -m PKCS8 -t rsa -b 2048 -N '' -f $1", .pkcs8),
        Recipe(
            "ssh-keygen -m PKCS8 ecdsa encrypted",
            "ssh-keygen -q -m PKCS8 -t ecdsa -N secret -f $1",
            .pkcs8,
            encrypted: true
        ),
        Recipe("ssh-keygen -m PEM ecdsa", "ssh-keygen -q -m PEM -t ecdsa -b 384 -N '' -f $1", .sec1),
        Recipe("openssl genpkey ed25519", "openssl genpkey -algorithm ed25519 -out $1", .pkcs8),
        Recipe(
            "openssl genpkey rsa 3072",
            "openssl genpkey -quiet -algorithm rsa -pkeyopt rsa_keygen_bits:3072 -out $1",
            .pkcs8
        ),
        Recipe("openssl genrsa -traditional", "openssl genrsa -traditional -out $1 2048", .pkcs1),
        Recipe(
            "openssl genrsa -aes256",
            "openssl genrsa -aes256 -passout pass:secret -out $1 2048",
            .pkcs8,
            encrypted: true
        ),
        Recipe(
            "openssl genpkey ec 521",
            "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-521 -out $1",
            .pkcs8
        ),
        Recipe("openssl ecparam with parameters", "openssl ecparam -name prime256v1 -genkey -out $1", .sec1),
        Recipe(
            "openssl ec encrypted",
            "openssl ecparam -name secp384r1 -genkey -noout | openssl ec -aes128 -passout pass:secret -out $1",
            .sec1,
            encrypted: true
        ),
    ]

    private static func make(_ recipe: Recipe, in scratch: Scratch) throws -> String {
        let path = "\(scratch.path)/key"
        try Execution.require([
            "bash", "-c", "set -e; set -o pipefail; exec 2>/dev/null; \(recipe.script); chmod 600 $1; rm -f $1.pub",
            "x", path,
        ])
        return path
    }

    private static func describe(_ path: String) throws -> KeyDescription {
        do throws(KeyFault) { return try KeyDescription(of: try KeyFile.read(path)) } catch { throw error }
    }

    @Test(arguments: recipes) func `keys of every maker are read as ssh-keygen reads them`(recipe: Recipe) throws {
        try Scratch.with { scratch in
            let path = try Self.make(recipe, in: scratch)
            let description = try Self.describe(path)
            #expect(description.format == recipe.format)
            #expect(description.isEncrypted == recipe.isEncrypted)
            #expect((description.publicKey != nil) == recipe.isOpen)
            guard let key = description.publicKey else { return }
            if recipe.name == "openssl genpkey ed25519" {
                // ssh-keygen does not read this one; the last 32 bytes of its X.509 form are the key (RFC 8410 §4).
                let raw = try Execution.require([
                    "bash", "-c", "openssl pkey -in $0 -pubout -outform DER | tail -c 32", path,
                ])
                #expect(Array(raw.output) == key.blob.suffix(32))
            } else {
                let arguments = ["ssh-keygen", "-y", "-P", recipe.isEncrypted ? "secret" : "", "-f", path]
                #expect(PublicKey(line: try Execution.require(arguments).text) == key)
            }
            try scratch.write("key.pub", key.line)
            let listed = try Execution.require(["ssh-keygen", "-l", "-f", "\(path).pub"]).line.split(separator: " ")
            #expect(listed[1] == Fingerprint.openSSH(key))
            #expect(String(listed[0]) == key.bits.map(String.init))
        }
    }

    @Test(arguments: recipes.filter { $0.name.contains("rsa") && !$0.isEncrypted })
    func `EC2's fingerprints of RSA keys are those of openssl's digests`(recipe: Recipe) throws {
        try Scratch.with { scratch in
            let path = try Self.make(recipe, in: scratch)
            let description = try Self.describe(path)
            let key = try #require(description.publicKey)
            // openssl does not read OpenSSH's own form.
            try Execution.require(["ssh-keygen", "-p", "-q", "-m", "PEM", "-N", "", "-P", "", "-f", path])
            let created = try Execution.require([
                "bash", "-c", "openssl pkcs8 -topk8 -nocrypt -in $0 -outform DER | openssl sha1 -c", path,
            ])
            let imported = try Execution.require([
                "bash", "-c", "openssl rsa -in $0 -pubout -outform DER 2>/dev/null | openssl md5 -c", path,
            ])
            #expect(created.line.hasSuffix("= " + Fingerprint.ec2Created(key, pkcs8SHA1: description.pkcs8SHA1)))
            #expect(imported.line.hasSuffix("= " + Fingerprint.ec2Imported(key)))
        }
    }

    @Test func `EC2's fingerprint of an ED25519 key is padded base64`() throws {
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqFzCf0Mu2IKRW0BZkqCTLTg5YVXB4y5y9fQFcdLTGi"
        let key = try #require(PublicKey(line: line))
        let fingerprint = Fingerprint.ec2Imported(key)
        #expect(fingerprint.hasSuffix("=") && fingerprint.count == 44)
        #expect("SHA256:\(fingerprint.dropLast())" == Fingerprint.openSSH(key))
        #expect(Fingerprint.ec2Created(key, pkcs8SHA1: nil) == fingerprint)
    }

    private func fault(_ text: String, mode: Int = 0o600) throws -> KeyFault? {
        try Scratch.with { scratch in
            let path = try scratch.write("key", text, mode: mode)
            return KeyLibrary.inspect(path).fault
        }
    }

    @Test(
        arguments: recipes.filter {
            $0.name.hasSuffix("ed25519") || $0.name.contains("-m PEM") || $0.name.contains("genpkey")
        }
    )
    func `a key that was cut off anywhere is damaged, never a crash`(recipe: Recipe) throws {
        try Scratch.with { scratch in
            let text = try scratch.read(try Self.make(recipe, in: scratch))
            for length in stride(from: 60, to: text.utf8.count - 30, by: 41) {
                let path = try scratch.write("cut", text.prefix(length))
                #expect(KeyLibrary.inspect(path).fault == .malformed, "\(length)")
            }
            // The frame is whole, the content is not.
            let lines = text.split(separator: "\n")
            let gap = (lines.prefix(2) + lines.dropFirst(3)).joined(separator: "\n")
            if lines.count > 4 && !recipe.isEncrypted { #expect(try fault(gap) == .malformed) }
        }
    }

    @Test func `what is no key is called so, and what is not supported by its name`() throws {
        #expect(try fault("") == .notAKey)
        #expect(try fault("hello", mode: 0o644) == .notAKey)
        #expect(try fault("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") == .notAKey)
        #expect(try fault("PuTTY-User-Key-File-3: ssh-ed25519\n") == .malformed)
        #expect(try fault("PuTTY-User-Key-File-1: ssh-rsa\n") == .unsupported("a PuTTY key of the form 1"))
        #expect(try fault("SSH PRIVATE KEY FILE FORMAT 1.1\n") == .unsupported("a key of SSH 1"))
        #expect(try fault("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n") == .unsupported("a key of ssh.com's"))
        #expect(
            try fault("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n")
                == .unsupported("a DSA key")
        )
        #expect(try fault("-----BEGIN RSA PRIVATE KEY-----\n!!!!\n-----END RSA PRIVATE KEY-----\n") == .malformed)
        #expect(try fault(String(repeating: "x", count: 100_000)) == .notAKey)
    }

    @Test func `keys that others can read, folders, pipes and nothing are refused`() throws {
        try Scratch.with { scratch in
            let path = try Self.make(Self.recipes[0], in: scratch)
            for mode in [0o640, 0o604, 0o660] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                guard case .tooOpen = KeyLibrary.inspect(path).fault else {
                    Issue.record("mode \(mode) was taken")
                    continue
                }
            }
            #expect(KeyLibrary.inspect(scratch.path).fault == .notRegular)
            #expect(KeyLibrary.inspect("\(scratch.path)/none").fault == .missing)
            try Execution.require(["mkfifo", "\(scratch.path)/pipe"])
            #expect(KeyLibrary.inspect("\(scratch.path)/pipe").fault == .notRegular)
        }
    }

    @Test(
        arguments: [
            ("puttygen -q -t dsa -O private", "a DSA key"),
            ("puttygen -q -t ed448 -O private", "of the kind 'ssh-ed448'"),
            ("openssl genpkey -quiet -algorithm ed448", "an Ed448 key, which neither OpenSSH nor libssh signs with"),
            ("openssl ecparam -name secp256k1 -genkey -noout", "on the curve secp256k1, which SSH does not know"),
            ("openssl genpkey -quiet -algorithm x25519", "of the kind 'X25519', which SSH does not know"),
            ("openssl genrsa -traditional", "an RSA key of 768 bits"),
        ]
    )
    func `keys of other kinds are refused by name`(maker: String, kind: String) throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/key"
            let output = maker.hasPrefix("puttygen") ? "--new-passphrase /dev/null -o $0" : "-out $0"
            let script = "\(maker) \(output) \(kind.contains("768") ? "768" : "") 2>/dev/null; chmod 600 $0"
            try Execution.require(["bash", "-c", script, path])
            #expect(KeyLibrary.inspect(path).fault == .unsupported(kind))
        }
    }

    @Test func `an unknown cipher is refused by name`() throws {
        try Scratch.with { scratch in
            let path = try Self.make(Self.recipes[1], in: scratch)
            let lines = try scratch.read(path).split(separator: "\n")
            var bytes = Array(try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined())))
            let name = try #require(bytes.firstRange(of: Array("aes256-ctr".utf8)))
            bytes.replaceSubrange(name, with: Array("rot13-\u{1B}[m!".utf8.prefix(10)))
            let text = "\(lines[0])\n\(Data(bytes).base64EncodedString())\n\(lines.last ?? "")\n"
            #expect(try fault(text) == .unsupported("encrypted with rot13-\\u{1B}[m!"))
        }
    }

    @Test func `absurd work for a passphrase is refused before it begins`() throws {
        try Scratch.with { scratch in
            let path = try Self.make(Self.recipes[1], in: scratch)
            let lines = try scratch.read(path).split(separator: "\n")
            var bytes = Array(try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined())))
            // The number of rounds stands behind "bcrypt", the options' length and the salt of 16 bytes.
            let name = Array("bcrypt".utf8)
            let start = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
            let rounds = start + 6 + 4 + 4 + 16
            bytes.replaceSubrange(rounds..<rounds + 4, with: [0x7F, 0xFF, 0xFF, 0xFF])
            let text = "\(lines[0])\n\(Data(bytes).base64EncodedString())\n\(lines.last ?? "")\n"
            #expect(try fault(text) == .tooCostly("2147483647 bcrypt rounds"))
            try Execution.require([
                "bash", "-c",
                "openssl genpkey -algorithm ed25519 | openssl pkcs8 -topk8 -v2 aes256 -iter 20000000 -passout pass:x -out $0",
                "\(scratch.path)/slow",
            ])
            try Execution.require(["chmod", "600", "\(scratch.path)/slow"])
            #expect(KeyLibrary.inspect("\(scratch.path)/slow").fault == .tooCostly("20000000 iterations"))
            for scheme in ["-v1 PBE-SHA1-3DES", "-scrypt"] {
                let path = "\(scratch.path)/fine"
                let script =
                    "openssl genpkey -algorithm ed25519 | openssl pkcs8 -topk8 \(scheme) -passout pass:x -out $0; chmod 600 $0"
                try Execution.require(["bash", "-c", script, path])
                #expect(KeyLibrary.inspect(path).fault == nil, "\(scheme)")
            }
        }
    }
}
