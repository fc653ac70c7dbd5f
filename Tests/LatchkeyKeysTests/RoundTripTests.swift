// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

@testable import LatchkeyKeys

/// Every kind of key in every form, plain and encrypted, to and from ssh-keygen, openssl and puttygen.
struct RoundTripTests {
    enum Kind: String, CaseIterable, Sendable {
        case rsa1024, rsa2048, rsa3072, rsa4096, ed25519, nistp256, nistp384, nistp521

        var isRSA: Bool { rawValue.hasPrefix("rsa") }
        var isEC: Bool { rawValue.hasPrefix("nistp") }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let kind: Kind
        let format: KeyFormat
        let isEncrypted: Bool
        var testDescription: String { "\(kind.rawValue) \(format.name)\(isEncrypted ? " encrypted" : "")" }
        var passphrase: String { isEncrypted ? "correct horse" : "" }
    }

    static let cases: [Case] = Kind.allCases.flatMap { kind in
        KeyFormat.allCases
            .filter { format in
                switch format {
                case .pkcs1: kind.isRSA
                case .sec1: kind.isEC
                default: true
                }
            }
            .flatMap { format in [false, true].map { Case(kind: kind, format: format, isEncrypted: $0) } }
    }

    private static func secret(_ text: String) -> Secret {
        var secret = Secret(capacity: 256)
        for byte in text.utf8 { _ = secret.append(byte) }
        return secret
    }

    private static func make(_ kind: Kind) throws(KeyFault) -> PrivateKey {
        let made: KeyMaterial.Kind =
            switch kind {
            case .ed25519: .ed25519
            case .nistp256: .ecdsa(.nistp256)
            case .nistp384: .ecdsa(.nistp384)
            case .nistp521: .ecdsa(.nistp521)
            case .rsa1024: .rsa(bits: 1024)
            case .rsa2048: .rsa(bits: 2048)
            case .rsa3072: .rsa(bits: 3072)
            case .rsa4096: .rsa(bits: 4096)
            }
        return try PrivateKey(made, comment: "a b")
    }

    private static func open(_ path: String, _ passphrase: String) throws(KeyFault) -> PrivateKey {
        try PrivateKey(try KeyFile.read(path), passphrase: secret(passphrase))
    }

    /// Runs a script of bash's with the key file as `$1` and the passphrase as `$2`, `$2` also in the file `$3`.
    private static func script(_ script: String, _ path: String, _ passphrase: String) throws -> Execution {
        let file = "\(path).passphrase"
        try Data(passphrase.utf8).write(to: URL(fileURLWithPath: file))
        return try Execution.require(["bash", "-c", "set -e; \(script)", "x", path, passphrase, file])
    }

    /// The public half as another program reads it out of our file, as an OpenSSH line.
    private static func publicHalf(_ test: Case, _ path: String) throws -> PublicKey? {
        let reader =
            switch (test.format, test.kind) {
            case (.ppk, _), (.ppk2, _): "puttygen $1 --old-passphrase $3 -L"
            // ssh-keygen reads no ED25519 key in this form; openssl does.
            case (.pkcs8, .ed25519): "openssl pkey -in $1 -passin \"pass:$2\" -pubout"
            default: "ssh-keygen -y -P \"$2\" -f $1"
            }
        return try PublicKeyText(reading: try script(reader, path, test.passphrase).text).key
    }

    /// How another program writes a key of this kind in this form to `$1`.
    private static func maker(_ test: Case) -> String {
        let bits = test.kind.rawValue.filter(\.isNumber)
        let curve = "P-\(bits)"
        let type = test.kind.isRSA ? "rsa -b \(bits)" : test.kind.isEC ? "ecdsa -b \(bits)" : "ed25519"
        let algorithm =
            test.kind.isRSA
            ? "rsa -pkeyopt rsa_keygen_bits:\(bits)"
            : test.kind.isEC ? "ec -pkeyopt ec_paramgen_curve:\(curve)" : "ed25519"
        switch test.format {
        case .openssh: return "ssh-keygen -q -t \(type) -N \"$2\" -C 'a b' -f $1"
        case .pkcs1: return "ssh-keygen -q -m PEM -t \(type) -N \"$2\" -f $1"
        case .sec1: return "ssh-keygen -q -m PEM -t \(type) -N \"$2\" -f $1"
        case .pkcs8:
            let cipher = test.isEncrypted ? "-aes256 -pass \"pass:$2\"" : ""
            return "openssl genpkey -quiet -algorithm \(algorithm) \(cipher) -out $1"
        case .ppk, .ppk2:
            let parameters = "-O private --ppk-param version=\(test.format == .ppk ? 3 : 2)"
            return "puttygen -q -t \(type) -C 'a b' --new-passphrase $3 \(parameters) -o $1"
        }
    }

    @Test(arguments: cases) func `what we write, others read as the same key, and so do we`(test: Case) throws {
        try Scratch.with { scratch in
            let key = try Self.make(test.kind)
            let text = try key.text(test.format, comment: "a b", passphrase: Self.secret(test.passphrase))
            let path = "\(scratch.path)/key"
            try KeyFile.write(text, to: path)
            #expect(try Self.publicHalf(test, path) == key.publicKey)

            let back = try Self.open(path, test.passphrase)
            #expect(back.publicKey == key.publicKey)
            #expect(back.format == test.format)
            #expect(back.pkcs8SHA1 == key.pkcs8SHA1)
            let keepsComment = [.openssh, .ppk, .ppk2].contains(test.format)
            #expect(back.comment == (keepsComment ? "a b" : ""))
            // The public half is enough for a signature to be checked; the private half made it.
            #expect(back.sign([1, 2, 3], flags: 4) != nil)
        }
    }

    @Test(arguments: cases) func `what others write, we read as they do`(test: Case) throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/key"
            _ = try Self.script("\(Self.maker(test)); rm -f $1.pub; chmod 600 $1", path, test.passphrase)
            let key = try Self.open(path, test.passphrase)
            #expect(try Self.publicHalf(test, path) == key.publicKey)
            #expect(key.format == test.format)
            let described = try KeyDescription(of: try KeyFile.read(path))
            #expect(described.isEncrypted == test.isEncrypted)
            let hidesPublicHalf = test.isEncrypted && [.pkcs1, .pkcs8, .sec1].contains(test.format)
            #expect(described.publicKey == (hidesPublicHalf ? nil : key.publicKey))

            guard test.isEncrypted else { return }
            #expect(throws: KeyFault.locked) { try PrivateKey(try KeyFile.read(path), passphrase: nil) }
            #expect(throws: KeyFault.wrongPassphrase) { try Self.open(path, "wrong") }
        }
    }

    @Test(
        arguments: [
            "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-ctr", "aes192-ctr", "aes256-ctr", "3des-cbc",
            "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com",
        ]
    )
    func `every cipher of ssh-keygen's is undone`(cipher: String) throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/key"
            let maker = "ssh-keygen -q -t ed25519 -a 3 -Z \(cipher) -N \"$2\" -f $1"
            _ = try Self.script(maker, path, "secret")
            let line = try scratch.read("\(path).pub")
            #expect(try Self.open(path, "secret").publicKey == PublicKey(line: line))
            #expect(throws: KeyFault.wrongPassphrase) { try Self.open(path, "wrong") }
        }
    }

    @Test(arguments: ["argon2id", "argon2i", "argon2d"]) func `every flavour of Argon2 is taken`(flavour: String) throws
    {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/key"
            let maker =
                "puttygen -q -t ed25519 --new-passphrase $3 -O private --ppk-param kdf=\(flavour),memory=1024 -o $1"
            _ = try Self.script(maker, path, "secret")
            let line = try Execution.require(["puttygen", path, "-L"]).text
            #expect(try Self.open(path, "secret").publicKey == PublicKey(line: line))
        }
    }

    @Test(arguments: ["", " x", "  two  leading", "end ", "Schl\u{FC}ssel", "a: b"])
    func `a comment of a PuTTY key is part of it to the last byte`(comment: String) throws {
        try Scratch.with { scratch in
            let key = try Self.make(.ed25519)
            let path = "\(scratch.path)/key"
            try KeyFile.write(try key.text(.ppk, comment: comment, passphrase: nil), to: path)
            #expect(try Self.open(path, "").comment == comment)
            let line = try Execution.require(["puttygen", path, "-L"]).line
            #expect(PublicKey(line: line) == key.publicKey)
            // As puttygen writes it, also in an encoding that is not UTF-8.
            for bytes in [Array(comment.utf8), comment.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }] {
                try Data(bytes).write(to: URL(fileURLWithPath: "\(scratch.path)/comment"))
                let script = "puttygen -q $0 -C \"$(cat $1)\" -O private -o $2"
                let out = "\(scratch.path)/out-\(bytes.count)"
                try Execution.require(["bash", "-c", script, path, "\(scratch.path)/comment", out])
                #expect(try Self.open(out, "").publicKey == key.publicKey)
                try FileManager.default.removeItem(atPath: out)
            }
        }
    }

    @Test func `a damaged key in the clear is damaged, not behind a passphrase`() throws {
        let key = try Self.make(.ed25519)
        let text = try key.text(.openssh, comment: "", passphrase: nil)
        var armour = try Armour.decode(text).content.withBytes { Array($0) }
        // The first of the two numbers that must be the same: behind the public half, which has 51 bytes.
        let place = try #require(armour.firstRange(of: key.publicKey.blob)).upperBound + 4
        armour[place] ^= 1
        var changed = Secret(capacity: armour.count)
        for byte in armour { _ = changed.append(byte) }
        let damaged = Armour.encode(label: OpenSSHContainer.label, changed)
        #expect(throws: KeyFault.malformed) { try PrivateKey(damaged, passphrase: nil) }
        #expect(throws: KeyFault.malformed) { try KeyDescription(of: damaged) }
    }

    @Test func `a PuTTY key that was tampered with is damaged, or the passphrase wrong`() throws {
        let key = try Self.make(.ed25519)
        for passphrase in ["", "secret"] {
            let text = try key.text(.ppk2, comment: "host", passphrase: Self.secret(passphrase))
            let original = text.withBytes { String(decoding: $0, as: UTF8.self) }
            let changed = Self.secret(original.replacing("Comment: host", with: "Comment: ghost"))
            #expect(throws: passphrase.isEmpty ? KeyFault.malformed : .wrongPassphrase) {
                try PrivateKey(changed, passphrase: Self.secret(passphrase))
            }
        }
    }

    @Test func `absurd work for a PuTTY key is refused before it begins`() throws {
        let key = try Self.make(.ed25519)
        let text = try key.text(.ppk, comment: "", passphrase: Self.secret("secret"))
        let original = text.withBytes { String(decoding: $0, as: UTF8.self) }
        for (field, value) in [
            ("Memory: 8192", "Memory: 99999999"), ("Passes: 21", "Passes: 99999999"),
            ("Parallelism: 1", "Parallelism: 999"),
        ] {
            var changed = Secret(capacity: 8192)
            for byte in original.replacing("Argon2-\(field)", with: "Argon2-\(value)").utf8 { _ = changed.append(byte) }
            guard case .tooCostly? = #expect(throws: KeyFault.self, performing: { try KeyDescription(of: changed) })
            else {
                Issue.record("\(value) was taken")
                continue
            }
        }
    }
}
