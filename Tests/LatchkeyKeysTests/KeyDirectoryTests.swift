// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

@testable import LatchkeyKeys

struct KeyDirectoryTests {
    @Test(arguments: GeneratedKey.KeyType.allCases) func `a key that is made is read by ssh-keygen`(
        type: GeneratedKey.KeyType
    ) throws {
        try Scratch.with { scratch in
            let directory = KeyDirectory(path: "\(scratch.path)/keys")
            let created = try directory.create("web", type: type)
            let read = try Execution.require(["ssh-keygen", "-y", "-P", "", "-f", created.path])
            #expect(PublicKey(line: read.text) == created.publicKey)
            let first = try scratch.read(created.path).split(separator: "\n").first
            #expect(first == (type == .rsa ? "-----BEGIN RSA PRIVATE KEY-----" : "-----BEGIN OPENSSH PRIVATE KEY-----"))
            #expect(created.publicKey.bits == (type == .rsa ? 2048 : 256))
            let attributes = try FileManager.default.attributesOfItem(atPath: created.path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["web.pem"])
        }
    }

    @Test func `an RSA key that is made carries the fingerprint that EC2 would show`() throws {
        try Scratch.with { scratch in
            let created = try KeyDirectory(path: "\(scratch.path)/keys").create("web", type: .rsa)
            let digest = try Execution.require([
                "bash", "-c", "openssl pkcs8 -topk8 -nocrypt -in $0 -outform DER | openssl sha1 -c", created.path,
            ])
            #expect(digest.line.hasSuffix("= \(created.fingerprint)"))
        }
    }

    @Test func `a file that exists is never replaced`() throws {
        try Scratch.with { scratch in
            let directory = KeyDirectory(path: "\(scratch.path)/keys")
            let text = try scratch.read(try directory.create("web", type: .ed25519).path)
            #expect { try directory.create("web", type: .ed25519) } throws: {
                ($0 as? LatchkeyError)?.code == .keyExists
            }
            #expect(try scratch.read(directory.file(for: "web")) == text)
        }
    }

    @Test func `only the pair's own private half is removed`() throws {
        try Scratch.with { scratch in
            let directory = KeyDirectory(path: "\(scratch.path)/keys")
            let (mine, other) = (
                try directory.create("mine", type: .ed25519), try directory.create("other", type: .ed25519)
            )
            try Execution.require(["mv", other.path, mine.path])
            #expect { try directory.remove("mine", holding: mine.publicKey) } throws: {
                ($0 as? LatchkeyError)?.code == .keyUnusable
            }
            #expect(directory.holds("mine"))
            #expect(try directory.remove("mine", holding: other.publicKey))
            #expect(try !directory.remove("mine", holding: other.publicKey))
        }
    }

    @Test func `names stay inside the folder`() {
        let directory = KeyDirectory(path: "/k")
        #expect(directory.file(for: "../../etc/passwd") == "/k/%2E.%2F..%2Fetc%2Fpasswd.pem")
        #expect(directory.file(for: "a%2F") == "/k/a%252F.pem")
        #expect(directory.file(for: ".hidden") == "/k/%2Ehidden.pem")
    }
}

struct Base64Tests {
    @Test func `bytes survive text and back`() throws {
        for count in [1, 2, 3, 47, 48, 49, 1000] {
            var secret = Secret(capacity: count)
            for number in 0..<count { _ = secret.append(UInt8(truncatingIfNeeded: number &* 37)) }
            let expected = secret.withBytes { Data($0) }
            let text = Armour.encode(label: "TEST PRIVATE KEY", secret)
            let lines = text.withBytes { String(decoding: $0, as: UTF8.self) }.split(separator: "\n")
            #expect(lines.dropFirst().dropLast().joined() == expected.base64EncodedString())
            #expect(lines.allSatisfy { $0.count <= 64 })
            let back = try Armour.decode(text)
            #expect(back.content.withBytes { Data($0) } == expected)
        }
    }
}
