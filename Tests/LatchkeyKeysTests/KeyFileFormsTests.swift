// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

@testable import LatchkeyKeys

/// Key files as mounts, other systems' shells and other programs leave them.
struct KeyFileFormsTests {
    private static func fault(_ path: String) -> KeyFault? {
        do throws(KeyFault) {
            _ = try KeyLibrary.describe(path)
            return nil
        } catch {
            return error
        }
    }

    private static func open(_ path: String, _ passphrase: String? = nil) throws(KeyFault) -> PrivateKey {
        var secret = Secret(capacity: 256)
        for byte in (passphrase ?? "").utf8 { _ = secret.append(byte) }
        let given: Secret? = consume secret
        return try PrivateKey(try KeyFile.read(path), passphrase: given)
    }

    /// An Ed25519 key in OpenSSH's form, and its public half.
    private static func make(_ scratch: Scratch, _ words: String...) throws -> (path: String, key: PublicKey) {
        let path = "\(scratch.path)/k"
        try Execution.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "caf\u{E9}", "-f", path] + words)
        return (path, try #require(PublicKey(line: try scratch.read("\(path).pub"))))
    }

    @Test(arguments: ["UTF-16", "UTF-16LE", "UTF-16BE"])
    func `a key that PowerShell wrote is read`(encoding: String) throws {
        try Scratch.with { scratch in
            let (path, key) = try Self.make(scratch)
            let mark = encoding == "UTF-16" ? "" : encoding == "UTF-16LE" ? "\\xff\\xfe" : "\\xfe\\xff"
            let script = "umask 077; (printf '\(mark)'; iconv -t \(encoding) '\(path)') >'\(path)16'"
            try Execution.require(["bash", "-c", script])
            #expect(try Self.open("\(path)16").publicKey == key)
            try Execution.require(["bash", "-c", "umask 077; (printf '\\xef\\xbb\\xbf'; cat '\(path)') >'\(path)8'"])
            #expect(try Self.open("\(path)8").publicKey == key)
            try Execution.require([
                "bash", "-c", "(printf '\(mark)'; iconv -t \(encoding) '\(path).pub') >'\(path)16.pub'",
            ])
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)16.pub")))
            #expect(try PublicKeyText(reading: String(recoding: bytes)).key == key)
        }
    }

    /// RFC 5958 §2 with the public half behind it, made by hand from the first version.
    @Test(arguments: ["ed25519", "rsa:2048", "ec"], [false, true])
    func `the second version of PKCS 8 is read`(kind: String, isEncrypted: Bool) throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/k"
            let script = Script.text("pkcs8_v2")
            try Execution.require(["python3", "-c", script, kind, path, String(isEncrypted)])
            let expected = try PublicKeyText(reading: try scratch.read("\(path).pem")).key
            #expect(try Self.open(path, isEncrypted ? "correct horse" : nil).publicKey == expected)
            if isEncrypted { #expect(throws: KeyFault.wrongPassphrase) { try Self.open(path, "wrong") } }
        }
    }

    @Test func `DER is named, an Ed448 key is told for what it is`() throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/k"
            try Execution.require([
                "bash", "-c", "umask 077; openssl genpkey -algorithm ed25519 -outform DER >'\(path)'",
            ])
            #expect(Self.fault(path) == .binary)
            try Execution.require(["bash", "-c", "umask 077; openssl genpkey -algorithm ed448 >'\(path)'"])
            #expect(Self.fault(path)?.reason == "is an Ed448 key, which neither OpenSSH nor libssh signs with")
            let text = try Execution.require(["openssl", "pkey", "-in", path, "-pubout"]).text
            #expect(throws: KeyFault.unsupported(KeyFault.ed448)) { try PublicKeyText(reading: text) }
        }
    }

    @Test func `who else may read a file matters where it is one's own`() throws {
        try Scratch.with { scratch in
            let (path, _) = try Self.make(scratch)
            for mode in [0o440, 0o444, 0o640] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                #expect(Self.fault(path) == .tooOpen(mode: UInt32(S_IFREG) | UInt32(mode)))
            }
            // As a secret is mounted: root's, and readable by the group of who runs this.
            guard geteuid() == 0 else { return }
            let list = "/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups \(Scratch.program) key fingerprint"
            try Execution.require(["chgrp", "65534", path])
            try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: path)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path)
            let run = try Execution.run(
                list.split(separator: " ").map(String.init) + [path],
                environment: ["HOME": "/nonexistent", "LATCHKEY_HOME": nil]
            )
            #expect(run.text.contains("SHA256:"), "\(run.error)")
        }
    }

    // MARK: Passphrases

    private static func passphrase(_ bytes: [UInt8]) -> (other: [UInt8]?, recoded: [UInt8]?) {
        var secret = Secret(capacity: 64)
        for byte in bytes { _ = secret.append(byte) }
        var (other, recoded): ([UInt8]?, [UInt8]?)
        if let text = secret.inOtherEncoding() { other = text.withBytes { Array($0) } }
        if let text = secret.recoded() { recoded = text.withBytes { Array($0) } }
        return (other, recoded)
    }

    @Test func `a passphrase is tried in the other encoding where it has one`() {
        #expect(Self.passphrase(Array("plain".utf8)).other == nil)
        #expect(Self.passphrase(Array("caf\u{E9}".utf8)).other == [0x63, 0x61, 0x66, 0xE9])
        #expect(Self.passphrase([0x63, 0x61, 0x66, 0xE9]).other == Array("caf\u{E9}".utf8))
        #expect(Self.passphrase(Array("\u{20AC}".utf8)).other == nil)
        #expect(Self.passphrase([0xFF, 0xFE, 0x61, 0, 0x0A, 0]).recoded == [0x61, 0x0A])
        #expect(
            Self.passphrase([0xFE, 0xFF, 0x20, 0xAC, 0xD8, 0x3D, 0xDE, 0x00]).recoded == Array("\u{20AC}\u{1F600}".utf8)
        )
        #expect(Self.passphrase(Array("plain".utf8)).recoded == nil)
    }

    @Test func `a key made where text is Latin-1 opens with what is typed in UTF-8, from a file or a pipe`() throws {
        try Scratch.with { scratch in
            _ = try scratch.latchkey("key", "list")
            let path = "\(scratch.path)/k"
            try Execution.require([
                "bash", "-c",
                "openssl genpkey -algorithm ed25519 | openssl pkcs8 -topk8 -v2 aes-128-cbc -passout pass:$'caf\\xe9' -out '\(path)'",
            ])
            try Execution.require(["chmod", "600", path])
            let file = try scratch.write("pass", "caf\u{E9}\n")
            let run = try scratch.latchkey("key", "fingerprint", path, "--passphrase-file", file)
            #expect(run.status == 0 && run.text.contains("SHA256:"), "\(run.error)")
            let pipe = try Execution.run(
                [
                    "bash", "-c",
                    "'\(Scratch.program)' key fingerprint '\(path)' --passphrase-file <(printf 'caf\\xc3\\xa9\\r\\n')",
                ],
                environment: scratch.environment
            )
            #expect(pipe.text == run.text, "\(pipe.error)")
            try Execution.require(["bash", "-c", "iconv -t UTF-16 '\(file)' >'\(file)16'; chmod 600 '\(file)16'"])
            #expect(try scratch.latchkey("key", "fingerprint", path, "--passphrase-file", "\(file)16").text == run.text)
            let wrong = try scratch.write("wrong", "no\n")
            #expect(
                try scratch.latchkey("key", "match", path, "--passphrase-file", wrong).error
                    .contains("no passphrase that was given")
            )
        }
    }
}
