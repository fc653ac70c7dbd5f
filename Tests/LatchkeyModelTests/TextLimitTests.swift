// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import Testing

struct TextLimitTests {
    /// One character to Swift, and a MB to everybody else.
    private static let tower = "a" + String(repeating: "\u{301}", count: 500_000)

    private static let limits: [TextLimit] = [
        .instanceName, .keyPairName, .userName, .address, .tagKey, .tagValue, .reportedField, .agentVersion,
        .machineFingerprint, .hostKeyLine, .sessionDetails, .sessionTarget, .sessionReason, .activationDescription,
        .roleName, .clientID, .imageText, .stateReason, .quotation, .errorMessage,
    ]

    @Test func `no limit lets a letter with half a million accents through`() {
        #expect(Self.tower.count == 1)
        for limit in Self.limits {
            #expect(!Self.tower.fits(limit))
            let cut = Self.tower.cut(to: limit)
            #expect(cut.utf8.count <= limit.bytes && cut.unicodeScalars.count <= limit.scalars && cut.fits(limit))
            #expect(Self.tower.utf8.starts(with: cut.utf8))
            #expect(cut.utf8.count > limit.bytes / 4)
        }
    }

    @Test func `characters are scalars, as AWS counts them`() {
        #expect(String(repeating: "é", count: 128).fits(.tagKey))
        #expect(!String(repeating: "é", count: 129).fits(.tagKey))
        #expect(!String(repeating: "e\u{301}", count: 65).fits(.tagKey))
        #expect(String(repeating: "🙂", count: 256).fits(.tagValue))
        #expect(!String(repeating: "🙂", count: 257).fits(.tagValue))
        #expect(
            String(repeating: "x", count: 255).fits(.keyPairName)
                && !String(repeating: "é", count: 128).fits(.keyPairName)
        )
    }

    @Test func `a scalar is in what is left whole or not at all`() {
        let cut = ("x" + String(repeating: "🙂", count: 40)).cut(to: .userName)
        #expect(cut == "x" + String(repeating: "🙂", count: 15))
        #expect("short".cut(to: .userName) == "short")
        #expect("größe".dropFirst(1).cut(to: .userName) == "röße")
        #expect(String(repeating: "é", count: 200).cut(to: .instanceName) == String(repeating: "é", count: 200))
    }

    @Test func `names and tags are refused by what they cost, in few words`() throws {
        let checks: [(String) throws -> Void] = [
            { _ = try Names.instance($0) }, { _ = try Names.keyPair($0) }, { _ = try Names.user($0) },
            { _ = try Names.address($0) }, { try Names.tag(key: $0, value: "") },
            { try Names.tag(key: "k", value: $0) },
            { _ = try TagArgument("k=\($0)") },
        ]
        for check in checks {
            do {
                try check(Self.tower)
                Issue.record("it was taken")
            } catch let error as LatchkeyError {
                #expect(error.code == .nameInvalid && error.message.utf8.count < 1024, "\(error.message)")
            }
        }
        try Names.tag(key: String(repeating: "k", count: 128), value: String(repeating: "é", count: 256))
        #expect(throws: LatchkeyError.self) { try Names.tag(key: String(repeating: "k", count: 129), value: "") }
        #expect(throws: LatchkeyError.self) { try Names.tag(key: "k", value: String(repeating: "é", count: 257)) }
    }

    @Test func `EC2's tags and key names are any text of the right length`() throws {
        for value in [
            "", " ", "-rf", "tag:x=1", "i-0123456789abcdef0", "a\nb\tc", "\u{202E}x",
            String(repeating: "é", count: 256),
        ] {
            try Names.ec2Tag(key: Tags.nameKey, value: value)
        }
        for value in [String(repeating: "é", count: 257), "\u{1}", "\u{FFFE}", "\u{1B}[2J"] {
            #expect(throws: LatchkeyError.self) { try Names.ec2Tag(key: Tags.nameKey, value: value) }
        }
        #expect(throws: LatchkeyError.self) { try Names.ec2Tag(key: "", value: "") }
        #expect(throws: LatchkeyError.self) { try Names.ec2Tag(key: String(repeating: "k", count: 129), value: "") }
        for name in ["-", "-rf", String(repeating: "x", count: 255)] { #expect(try Names.ec2KeyPair(name) == name) }
        for name in ["", " x", "x ", "ü", "a\nb", String(repeating: "x", count: 256)] {
            #expect(throws: LatchkeyError.self) { try Names.ec2KeyPair(name) }
        }
        #expect(throws: LatchkeyError.self) { try Names.keyPair("-rf") }
    }

    /// Who looks at a list has to see something.
    @Test(arguments: ["", " ", "\u{3000}\t"]) func `a name of blanks is none, and the id stands for it`(name: String) {
        let instance = Instance(id: "i-0a", tags: [Tags.nameKey: name], addresses: [], created: Date())
        #expect(instance.name == nil && instance.displayName == "i-0a")
    }

    /// A dash, a colon or a space with an accent is another character, and the same byte to a program.
    @Test(arguments: ["-\u{301}rf", "tag:\u{301}x=1", " \u{301}web"])
    func `what makes a name another word is seen under an accent`(name: String) {
        #expect(throws: LatchkeyError.self) { try Names.instance(name) }
    }
}
