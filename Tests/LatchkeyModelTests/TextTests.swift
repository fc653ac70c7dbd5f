// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import Testing

struct TerminalSafeTests {
    @Test(arguments: [
        ("web-1", "web-1"),
        ("größe 東京 🙂", "größe 東京 🙂"),
        ("a\u{1B}[31mb", "a\\u{1B}[31mb"),
        ("a\nb\r\u{7}", "a\\u{A}b\\u{D}\\u{7}"),
        ("\u{9B}2J", "\\u{9B}2J"),
        ("evil\u{202E}gpj", "evil\\u{202E}gpj"),
        ("zero\u{200B}width", "zero\\u{200B}width"),
        ("line\u{2028}end", "line\\u{2028}end"),
        ("\u{E000}", "\\u{E000}"),
        ("web-1\u{3164}", "web-1\\u{3164}"), ("w\u{34F}eb", "w\\u{34F}eb"), ("\u{2764}\u{FE0F}", "\u{2764}\\u{FE0F}"),
        ("a\u{E0101}b", "a\\u{E0101}b"), ("\u{115F}\u{1160}\u{FFA0}", "\\u{115F}\\u{1160}\\u{FFA0}"),
        ("\u{17B4}\u{180B}", "\\u{17B4}\\u{180B}"), ("a\u{2800}b", "a\\u{2800}b"), ("a\u{A0}b", "a\\u{A0}b"),
        ("a\u{3000}b", "a\\u{3000}b"), ("a\u{1D159}b", "a\\u{1D159}b"), ("\u{301}a", "\\u{301}a"),
        ("a\u{200B}\u{301}", "a\\u{200B}\\u{301}"), ("e\u{323}\u{302}", "e\u{323}\u{302}"),
        ("x" + String(repeating: "\u{301}", count: 9), "x" + String(repeating: "\u{301}", count: 8) + "\\u{301}"),
    ])
    func `what a terminal could obey is written out`(text: String, safe: String) {
        #expect(text.terminalSafe == safe)
        #expect(text.terminalSafe.isTerminalSafe)
    }

    @Test func `nothing that Unicode calls ignorable is shown as it is`() {
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value), scalar.properties.isDefaultIgnorableCodePoint else { continue }
            let hex = String(value, radix: 16, uppercase: true)
            #expect("a\(scalar)b".terminalSafe == "a\\u{\(hex)}b")
            #expect(throws: LatchkeyError.self) { try Names.instance("a\(scalar)b") }
            #expect(throws: LatchkeyError.self) { try Names.tag(key: "k", value: "a\(scalar)") }
        }
    }

    @Test func `what is beyond ASCII is told apart where it has to be`() {
        #expect("w\u{435}b-1".terminalSafeASCII == "w\\u{435}b-1")
        #expect("web\u{1B}".terminalSafeASCII == "web\\u{1B}")
    }

    @Test func `malformed UTF-8 becomes text`() {
        #expect(String(terminalSafe: [0x61, 0xFF, 0x1B]) == "a\u{FFFD}\\u{1B}")
    }
}

struct NamesTests {
    @Test(arguments: ["web-1", "db.prod_2", "Größe", "a b", "@home", "1"])
    func `names that people give are taken`(name: String) throws {
        #expect(try Names.instance(name) == name)
    }

    @Test(arguments: [
        "", "-v", "--help", " web", "web ", "a\nb", "a\u{1B}b", "i-0a", "mi-0123456789abcdef0", "tag:a=b",
        String(repeating: "x", count: 257), "evil\u{202E}",
    ])
    func `names that could be taken for something else are refused`(name: String) {
        #expect { try Names.instance(name) } throws: { ($0 as? LatchkeyError)?.code == .nameInvalid }
    }

    @Test(arguments: ["größe", "a\tb", "-k"]) func `a key pair's name is ASCII that prints`(name: String) {
        #expect { try Names.keyPair(name) } throws: { ($0 as? LatchkeyError)?.code == .nameInvalid }
    }

    @Test(arguments: ["-oProxyCommand=x", "a;b", "a b", "$(x)", "a/b", "", "host\n"])
    func `an address is nothing but an address`(address: String) {
        #expect { try Names.address(address) } throws: { ($0 as? LatchkeyError)?.code == .nameInvalid }
    }

    @Test(arguments: ["10.0.0.1", "::1", "fe80::1%eth0", "web-1.example.com", "my_host"])
    func `addresses are taken`(address: String) throws { #expect(try Names.address(address) == address) }
}

struct SelectorTests {
    @Test func `a tag's key may hold colons, its value equals signs`() throws {
        #expect(
            try InstanceSelector("tag:aws:autoscaling:groupName=a=b")
                == .tag(key: "aws:autoscaling:groupName", value: "a=b")
        )
        #expect(try InstanceSelector("tag:empty=") == .tag(key: "empty", value: ""))
    }

    @Test(arguments: ["", "tag:", "tag:x", "tag:=y", "a\u{1B}b"]) func `half a selector is refused`(text: String) {
        #expect { try InstanceSelector(text) } throws: { ($0 as? LatchkeyError)?.code == .usage }
    }

    @Test func `ids have EC2's form`() {
        let id = Identifier.make(prefix: "i-")
        #expect(id.count == 19)
        #expect(Identifier.looksLikeInstanceID(id))
        #expect(Identifier.looksLikeInstanceID("mi-0"))
        #expect(!Identifier.looksLikeInstanceID("i-"))
        #expect(!Identifier.looksLikeInstanceID("i-node"))
        #expect(!Identifier.looksLikeInstanceID("i-0A"))
    }
}
