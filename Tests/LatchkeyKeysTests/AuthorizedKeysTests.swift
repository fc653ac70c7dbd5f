// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

@testable import LatchkeyKeys

struct AuthorizedKeysTests {
    private static func key(_ byte: UInt8) -> PublicKey {
        var writer = WireWriter()
        writer.string("ssh-ed25519")
        writer.string([UInt8](repeating: byte, count: 32))
        guard let key = PublicKey(blob: writer.bytes) else { fatalError("32 bytes are a key") }
        return key
    }

    private let old = key(1)
    private let new = key(2)
    private let other = key(3)

    private func file(_ text: String) -> AuthorizedKeys { AuthorizedKeys(Array(text.utf8)) }
    private func text(_ file: AuthorizedKeys) -> String { String(decoding: file.bytes, as: UTF8.self) }

    @Test func `what is not understood stays to the last byte`() {
        let bytes: [UInt8] =
            Array("# comment\n\n  \t\nnonsense ssh-ed25519 AAAA\r\n\(old.line)\r\n".utf8) + [0xFF, 0xFE, 0x0A]
            + Array("no end".utf8)
        #expect(AuthorizedKeys(bytes).bytes == bytes)
        #expect(AuthorizedKeys([]).bytes.isEmpty)
        var changed = AuthorizedKeys(bytes)
        changed.add(new, comment: "n")
        changed.remove(new)
        #expect(changed.bytes == bytes + [0x0A])
    }

    @Test(
        arguments: [
            "", "no-pty", "from=\"10.0.0.0/8,*.example\"", "command=\"echo \\\"ssh-ed25519 x\\\"\",no-pty",
            "environment=\"A=b c\"", "restrict,pty",
        ]
    )
    func `options are told from keys, and go to the successor`(options: String) {
        let prefix = options.isEmpty ? "" : options + " "
        var file = file("\(other.line) a\n\t\(prefix)\(old.line) me@host and more\n# end\n")
        #expect(file.contains(old) && file.contains(other) && !file.contains(new))
        file.add(new, comment: "fresh", inPlaceOf: old)
        #expect(
            text(file)
                == "\(other.line) a\n\t\(prefix)\(old.line) me@host and more\n\(prefix)\(new.line) fresh\n# end\n"
        )
        #expect(file.remove(old) == 1)
        #expect(text(file) == "\(other.line) a\n\(prefix)\(new.line) fresh\n# end\n")
    }

    @Test func `a key that is there is not added again, and goes with all its lines`() {
        var file = file("\(old.line)\n\(other.line)\nno-pty \(old.line) again\n")
        file.add(old, comment: "x")
        #expect(file.entries.count == 3)
        #expect(file.remove(old) == 2)
        #expect(text(file) == "\(other.line)\n")
        #expect(file.remove(old) == 0)
    }

    @Test func `each line of the old key has its successor, in the same order`() {
        var file = file("restrict \(old.line) a\n# c\n\(old.line) b\n")
        file.add(new, comment: "n", inPlaceOf: old)
        file.remove(old)
        #expect(text(file) == "restrict \(new.line) n\n# c\n\(new.line) n\n")
    }

    @Test func `a last line without an end does not run into the new one`() {
        var file = file("\(old.line) me")
        file.add(new, comment: "")
        #expect(text(file) == "\(old.line) me\n\(new.line)\n")
        #expect(file.contains(old) && file.contains(new))
    }

    @Test func `a comment is no key, and an authority is no login`() {
        var file = file("#\(old.line)\n # \(old.line)\ncert-authority,principals=\"x\" \(old.line) ca\n")
        #expect(!file.contains(old))
        #expect(file.remove(old) == 0)
        #expect(file.entries.map(\.isAuthority) == [true])
        file.add(old, comment: "me")
        #expect(file.contains(old))
        #expect(file.remove(old) == 1)
        // The word may stand in a value, where it means nothing.
        for value in ["command=\"cert-authority\"", #"environment="X=\",cert-authority,\"""#] {
            #expect(self.file("\(value) \(old.line)\n").contains(old), "\(value)")
        }
    }

    @Test func `a zero byte is no text`() {
        #expect(!AuthorizedKeys([0x41, 0x00, 0x0A]).isText)
        #expect(file("\(old.line)\n").isText)
    }
}
