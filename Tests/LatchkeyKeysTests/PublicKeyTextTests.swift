// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeyTestSupport
import Testing

@testable import LatchkeyKeys

struct PublicKeyTextTests {
    @Test(arguments: ["ed25519", "rsa -b 1024", "rsa -b 4096", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521"])
    func `every public form goes to ssh-keygen and openssl and back`(type: String) throws {
        try Scratch.with { scratch in
            let path = "\(scratch.path)/key"
            try Execution.require(["bash", "-c", "ssh-keygen -q -t \(type) -N '' -C 'a \"b\" c' -f $0", path])
            let text = try PublicKeyText(reading: try scratch.read("\(path).pub"))
            #expect(text.comment == "a \"b\" c")

            for format in PublicKeyFormat.allCases {
                let back = try PublicKeyText(reading: try text.text(format))
                #expect(back.key == text.key)
                #expect(back.format == format)
                #expect(back.comment == ([.openssh, .rfc4716].contains(format) ? text.comment : ""))
            }
            // Ours read by others.
            try scratch.write("ours", try text.text(.rfc4716))
            let imported = try Execution.require(["ssh-keygen", "-i", "-f", "\(scratch.path)/ours"]).line
            #expect(PublicKey(line: imported) == text.key)
            try scratch.write("ours", try text.text(.spki))
            let der =
                try Execution.require([
                    "openssl", "pkey", "-pubin", "-in", "\(scratch.path)/ours", "-outform", "DER",
                ])
                .output
            #expect(try text.text(.der) == der.base64EncodedString() + "\n")
            // Others' read by us.
            let exported = try Execution.require(["ssh-keygen", "-e", "-f", "\(path).pub"]).text
            #expect(try PublicKeyText(reading: exported).key == text.key)
            #expect(try PublicKeyText(reading: exported.replacing("\n", with: "\r\n")).key == text.key)
            if type.hasPrefix("rsa") {
                let pkcs1 = try Execution.require(["ssh-keygen", "-e", "-m", "PEM", "-f", "\(path).pub"]).text
                #expect(try PublicKeyText(reading: pkcs1).key == text.key)
            }
        }
    }

    @Test func `a comment of any length is wrapped and put together again`() throws {
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqFzCf0Mu2IKRW0BZkqCTLTg5YVXB4y5y9fQFcdLTGi"
        let key = try #require(PublicKey(line: line))
        for length in [1, 50, 57, 58, 59, 60, 61, 128, 700] {
            let comment = String((0..<length).map { $0 % 7 == 3 ? "é" : Character("\($0 % 10)") })
            let text = RFC4716.encode(key, comment: comment)
            #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 72 })
            #expect(try PublicKeyText(reading: text).comment == comment)
        }
    }

    @Test func `a comment that is too long for the form is cut, and one of any letters comes back`() throws {
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqFzCf0Mu2IKRW0BZkqCTLTg5YVXB4y5y9fQFcdLTGi"
        let key = try #require(PublicKey(line: line))
        let long = try PublicKeyText(reading: RFC4716.encode(key, comment: String(repeating: "é", count: 5000)))
        #expect(long.key == key && long.comment.utf8.count == 1020)
        // A letter that joins what comes behind it, here a backslash that is one by itself.
        for comment in ["\u{600}\\", "\\", "a\\", String(repeating: "\u{600}\\", count: 60), "\"x\"", "\u{301}"] {
            let back = try PublicKeyText(reading: RFC4716.encode(key, comment: comment))
            #expect(back.key == key && back.comment == comment, "\(comment.debugDescription)")
        }
    }

    @Test(
        arguments: [
            ("", KeyFault.notAKey), ("hello", .notAKey), ("MIIB", .malformed), ("ssh-ed25519 AAAA", .notAKey),
            ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", .malformed),
            ("---- BEGIN SSH2 PUBLIC KEY ----\n!!!\n---- END SSH2 PUBLIC KEY ----\n", .malformed),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", .malformed),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n", .malformed),
        ]
    )
    func `what is no public key is told`(text: String, fault: KeyFault) {
        #expect(throws: fault) { try PublicKeyText(reading: text) }
    }
}
