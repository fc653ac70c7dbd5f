// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyCrypto
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

struct CertificateAuthorityTests {
    private func text(_ secret: borrowing Secret) -> String { secret.withBytes { String(decoding: $0, as: UTF8.self) } }

    @Test func `OpenSSL takes the chain in its strict mode, and both names and addresses`() throws {
        try Scratch.with { scratch in
            let authority = try CertificateAuthority.make(name: "Latchkey of Zoë")
            let server = try CertificateAuthority.issue(
                names: ["relay.example", "*.relay.example", "127.0.0.1", "::1"],
                authority: authority.certificatePEM,
                keyPEM: authority.keyPEM
            )
            let root = try scratch.write("root.pem", authority.certificatePEM)
            let leaf = try scratch.write("leaf.pem", server.certificatePEM)
            let check = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root]
            try Execution.require(check + ["-verify_hostname", "relay.example", leaf])
            try Execution.require(check + ["-verify_hostname", "a.relay.example", leaf])
            try Execution.require(check + ["-verify_ip", "127.0.0.1", leaf])
            try Execution.require(check + ["-verify_ip", "::1", leaf])
            #expect(try Execution.run(check + ["-verify_hostname", "other.example", leaf]).status != 0)
            #expect(try Execution.run(check + ["-verify_ip", "127.0.0.2", leaf]).status != 0)
            let key = try scratch.write("leaf.key", text(server.keyPEM))
            let keys = try [["x509", "-noout", "-pubkey", "-in", leaf], ["pkey", "-pubout", "-in", key]]
                .map {
                    try Execution.require(["openssl"] + $0).text
                }
            #expect(keys[0] == keys[1])
        }
    }

    @Test func `the certificates say what they are for`() throws {
        try Scratch.with { scratch in
            let authority = try CertificateAuthority.make(name: "A")
            let server = try CertificateAuthority.issue(
                names: ["a.example"],
                authority: authority.certificatePEM,
                keyPEM: authority.keyPEM,
                days: 30
            )
            let show = ["openssl", "x509", "-noout", "-text", "-in"]
            let root = try Execution.require(show + [try scratch.write("root.pem", authority.certificatePEM)]).text
            for words in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "Subject Key Identifier", "prime256v1"] {
                #expect(root.contains(words))
            }
            let leafPath = try scratch.write("leaf.pem", server.certificatePEM)
            let leaf = try Execution.require(show + [leafPath]).text
            for words in [
                "CA:FALSE", "Digital Signature", "TLS Web Server Authentication", "DNS:a.example",
                "Authority Key Identifier", "ecdsa-with-SHA256", "Version: 3",
            ] { #expect(leaf.contains(words), "\(words)") }
            // Versions of OpenSSL differ in the spaces.
            #expect(leaf.contains(/Subject: CN ?= ?a.example\n/) && leaf.contains(/Issuer: CN ?= ?A\n/))
            let serial = try Execution.require(["openssl", "x509", "-noout", "-serial", "-in", leafPath]).line
            #expect(serial.contains(/^serial=[4-7][0-9A-F]{39}$/), "\(serial)")
            #expect(
                try Execution.run(["openssl", "x509", "-noout", "-checkend", "2505600", "-in", leafPath]).status == 0
            )
            #expect(
                try Execution.run(["openssl", "x509", "-noout", "-checkend", "2678400", "-in", leafPath]).status == 1
            )
        }
    }

    @Test func `Python shakes hands over it`() throws {
        try Scratch.with { scratch in
            let authority = try CertificateAuthority.make(name: "A")
            let server = try CertificateAuthority.issue(
                names: ["localhost", "127.0.0.1"],
                authority: authority.certificatePEM,
                keyPEM: authority.keyPEM
            )
            try scratch.write("root.pem", authority.certificatePEM)
            try scratch.write("leaf.pem", server.certificatePEM)
            try scratch.write("leaf.key", text(server.keyPEM))
            let script = Script.text("verify_chain")
            let execution = try Execution.require(["python3", "-c", script, scratch.path])
            #expect(execution.text == "localhost open\n127.0.0.1 open\nother refused\n")
        }
    }

    @Test(
        arguments: [
            "", "a,IP:1.2.3.4", "a b", "-a", "a-", "a..b", "a.", "*", "a.*.b", "1.2.3.4/8", "é.example", "a\n", "a:1",
            "fe80::1%eth0", String(repeating: "a", count: 64), String(repeating: "a.", count: 126) + "aa",
        ]
    )
    func `a name that is none is refused`(name: String) throws {
        let authority = try CertificateAuthority.make(name: "A")
        let error = #expect(throws: LatchkeyError.self) {
            _ = try CertificateAuthority.issue(
                names: [name],
                authority: authority.certificatePEM,
                keyPEM: authority.keyPEM
            )
        }
        #expect(error?.code == .nameInvalid)
    }

    @Test func `an authority is not mistaken for another`() throws {
        let first = try CertificateAuthority.make(name: "A")
        let second = try CertificateAuthority.make(name: "A")
        let mixed = #expect(throws: LatchkeyError.self) {
            _ = try CertificateAuthority.issue(
                names: ["a"],
                authority: first.certificatePEM,
                keyPEM: second.keyPEM
            )
        }
        #expect(mixed?.code == .keyUnusable)
        let empty = #expect(throws: LatchkeyError.self) {
            _ = try CertificateAuthority.issue(names: ["a"], authority: "", keyPEM: second.keyPEM)
        }
        #expect(empty?.code == .keyUnusable)
        for name in ["", String(repeating: "a", count: 65)] {
            #expect(throws: LatchkeyError.self) { _ = try CertificateAuthority.make(name: name) }
        }
    }

    @Test func `a long first name is among the alternative names only`() throws {
        try Scratch.with { scratch in
            let name = Array(repeating: String(repeating: "a", count: 30), count: 3).joined(separator: ".")
            let authority = try CertificateAuthority.make(name: "A")
            let server = try CertificateAuthority.issue(
                names: [name],
                authority: authority.certificatePEM,
                keyPEM: authority.keyPEM
            )
            let root = try scratch.write("root.pem", authority.certificatePEM)
            let leaf = try scratch.write("leaf.pem", server.certificatePEM)
            try Execution.require([
                "openssl", "verify", "-x509_strict", "-CAfile", root, "-verify_hostname", name, leaf,
            ])
        }
    }

    @Test func `an authority for some names certifies those, names below them and private addresses only`() throws {
        try Scratch.with { scratch in
            let names = ["relay.example", "*.fleet.example", "192.0.2.1", "2001:db8::1"]
            let authority = try CertificateAuthority.make(name: "A", permitting: names)
            let root = try scratch.write("root.pem", authority.certificatePEM)
            let cases = [
                ("relay.example", true), ("a.relay.example", true), ("x.fleet.example", true), ("localhost", true),
                ("192.0.2.1", true), ("2001:db8::1", true), ("10.1.2.3", true), ("172.17.0.1", true),
                ("127.0.0.1", true),
                ("::1", true), ("fd12::3", true), ("other.example", false), ("example", false), ("google.com", false),
                ("relay.example.com", false), ("192.0.2.2", false), ("172.32.0.1", false), ("2001:db8::2", false),
            ]
            for (name, isPermitted) in cases {
                #expect(
                    try CertificateAuthority.permits(name, authority: authority.certificatePEM) == isPermitted,
                    "\(name)"
                )
                // What clients make of a certificate that was made all the same.
                let leaf = try CertificateAuthority.issue(
                    names: [name],
                    authority: authority.certificatePEM,
                    keyPEM: authority.keyPEM
                )
                let path = try scratch.write("leaf.pem", leaf.certificatePEM)
                let check = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root, path]
                #expect((try Execution.run(check).status == 0) == isPermitted, "\(name)")
            }
            let open = try CertificateAuthority.make(name: "A")
            #expect(try CertificateAuthority.permits("google.com", authority: open.certificatePEM))
            let onlyAddresses = try CertificateAuthority.make(name: "A", permitting: ["192.0.2.1"])
            #expect(try !CertificateAuthority.permits("relay.example", authority: onlyAddresses.certificatePEM))
        }
    }

    @Test func `a certificate's names, dates and authority are read from it`() throws {
        let authority = try CertificateAuthority.make(name: "A")
        let names = ["relay.example", "*.relay.example", "127.0.0.1", "2001:db8::1"]
        let begin = Date(timeIntervalSince1970: 1_700_000_000)
        let leaf = try CertificateAuthority.issue(
            names: names,
            authority: authority.certificatePEM,
            keyPEM: authority.keyPEM,
            notBefore: begin
        )
        let description = try CertificateDescription(leaf.certificatePEM + authority.certificatePEM)
        #expect(description.names == names)
        #expect(description.notBefore == begin)
        let day = 24.0 * 3600
        #expect(abs(description.notAfter.timeIntervalSinceNow - 90 * day) < day)
        #expect(description.notAfter.timeIntervalSince(description.renewal) == 30 * day)
        let short = try CertificateAuthority.issue(
            names: names,
            authority: authority.certificatePEM,
            keyPEM: authority.keyPEM,
            days: 3
        )
        let hours = try CertificateDescription(short.certificatePEM)
        let life = hours.notAfter.timeIntervalSince(hours.notBefore)
        #expect(hours.renewal == hours.notAfter.addingTimeInterval(-life / 3))
        #expect(try CertificateAuthority.issued(leaf.certificatePEM, authority: authority.certificatePEM))
        let other = try CertificateAuthority.make(name: "A")
        #expect(try !CertificateAuthority.issued(leaf.certificatePEM, authority: other.certificatePEM))
        #expect(throws: LatchkeyError.self) { _ = try CertificateDescription("nothing") }
    }
}
