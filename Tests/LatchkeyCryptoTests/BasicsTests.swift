// SPDX-License-Identifier: Apache-2.0

import LatchkeyCrypto
import Testing

struct BasicsTests {
    @Test func `digests are those of FIPS 180-4`() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Hex.encode(Digest.sha256(Array("abc".utf8))) == abc)
        for count in [0, 1, 55, 56, 63, 64, 65, 1000] {
            let bytes = Random.bytes(count)
            var target = [UInt8](repeating: 7, count: 33)
            let written = target.withUnsafeMutableBytes { room in
                bytes.withUnsafeBytes { Digest.sha256($0, into: room) }
            }
            #expect(written == 32 && Array(target[..<32]) == Digest.sha256(bytes) && target[32] == 7)
        }
        var small = [UInt8](repeating: 0, count: 31)
        let written = small.withUnsafeMutableBytes { Digest.sha256(UnsafeRawBufferPointer($0), into: $0) }
        #expect(written == 0)
    }

    /// RFC 4231 §4.2, §4.3 and §4.7 (a key longer than a block).
    @Test func `keyed digests are those of RFC 4231`() {
        let first = HMAC.sha256(key: [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8))
        #expect(Hex.encode(first) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let second = HMAC.sha256(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        #expect(Hex.encode(second) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let sixth = HMAC.sha256(
            key: [UInt8](repeating: 0xAA, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        )
        #expect(Hex.encode(sixth) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        #expect(HMAC.sha256(key: [], []).count == 32)
    }

    @Test func `hexadecimal text is read in both cases and written in one`() {
        let all = (0...255).map { UInt8($0) }
        #expect(Hex.decode(Hex.encode(all)) == all)
        #expect(Hex.decode("00fF") == [0, 255])
        #expect(Hex.encode([]).isEmpty && Hex.decode("") == [])
        for wrong in ["0", "000", "0g", " 00", "0x00", "é0", "00\n"] { #expect(Hex.decode(wrong) == nil) }
    }

    @Test func `a random UUID has its version and variant`() {
        let form = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        let made = Set((0..<200).map { _ in Random.uuid() })
        #expect(made.count == 200)
        for text in made { #expect(text.wholeMatch(of: form) != nil, "\(text)") }
    }

    @Test func `random text has every character of its alphabet alike`() {
        let text = Random.text(30_000, alphabet: "abc")
        #expect(text.count == 30_000)
        for character in "abc" {
            let count = text.filter { $0 == character }.count
            #expect((9_400...10_600).contains(count), "\(character): \(count)")
        }
        #expect(Random.text(4, alphabet: "x") == "xxxx" && Random.text(0, alphabet: "ab").isEmpty)
        #expect(Random.bytes(0).isEmpty && Random.bytes(16) != Random.bytes(16))
    }

    @Test func `bytes are compared whole`() {
        #expect(ConstantTime.equal([], []) && ConstantTime.equal([1, 2], [1, 2]))
        #expect(!ConstantTime.equal([1, 2], [1, 3]) && !ConstantTime.equal([1], [1, 2]))
    }
}
