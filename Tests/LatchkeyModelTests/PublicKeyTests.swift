// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

struct PublicKeyTests {
    private let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqFzCf0Mu2IKRW0BZkqCTLTg5YVXB4y5y9fQFcdLTGi"

    @Test func `a line is read and written back`() throws {
        let key = try #require(PublicKey(line: line + " somebody@somewhere"))
        #expect(key.line == line)
        #expect(key.typeName == "ed25519")
        #expect(key.bits == 256)
    }

    @Test(arguments: [
        "", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 !!!!",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJqFzCf0Mu2IKRW0BZkqCTLTg5YVXB4y5y9fQFcdLTGi",
    ])
    func `what is no key, or says to be another, is refused`(line: String) { #expect(PublicKey(line: line) == nil) }

    @Test func `wire forms that lie about their lengths are refused`() {
        #expect(PublicKey(blob: [0xFF, 0xFF, 0xFF, 0xFF, 1]) == nil)
        #expect(PublicKey(blob: [0, 0, 0, 3, 0x61]) == nil)
        #expect(PublicKey(blob: [0, 0, 0, 1, 0x0A, 0]) == nil)
        #expect(PublicKey(blob: [UInt8]()) == nil)
    }

    @Test func `numbers are written as RFC 4251 says`() {
        // The examples of RFC 4251 §5.
        func mpint(_ bytes: [UInt8]) -> [UInt8] {
            var writer = WireWriter()
            writer.mpint(bytes)
            return writer.bytes
        }
        #expect(mpint([0]) == [0, 0, 0, 0])
        #expect(
            mpint([0x09, 0xA3, 0x78, 0xF9, 0xB2, 0xE3, 0x32, 0xA7]) == [
                0, 0, 0, 8, 0x09, 0xA3, 0x78, 0xF9, 0xB2, 0xE3, 0x32, 0xA7,
            ]
        )
        #expect(mpint([0x80]) == [0, 0, 0, 2, 0, 0x80])
        #expect(mpint([0, 0, 0x7F]) == [0, 0, 0, 1, 0x7F])
    }
}
