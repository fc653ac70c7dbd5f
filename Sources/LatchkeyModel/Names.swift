// SPDX-License-Identifier: Apache-2.0

/// The rules for the names that people give to things. Each function returns the name or throws `nameInvalid`.
package enum Names {
    /// An instance's name: 1 to 256 characters that print, no leading dash, no spaces at the ends, not an id's form.
    /// Characters are Unicode scalars here, as in all of AWS's limits.
    package static func instance(_ name: String) throws -> String {
        try check(name, what: "instance name", limit: .instanceName)
        // By bytes: what follows a colon may be a mark that makes another character of it.
        let isTag = name.utf8.starts(with: "tag:".utf8)
        if Identifier.looksLikeInstanceID(name) || isTag {
            throw invalid("instance name", name, "it would be read as \(isTag ? "a tag" : "an id")")
        }
        return name
    }

    /// A key pair's name: 1 to 255 ASCII characters that print, no leading dash, no spaces at the ends
    /// (EC2 User Guide, "Create a key pair": up to 255 ASCII characters, no leading or trailing spaces).
    package static func keyPair(_ name: String) throws -> String { try keyPair(name, beginsWithDash: false) }

    /// A key pair's name as EC2 takes it, which may begin with a dash: only on a command line that would be a mistake.
    package static func ec2KeyPair(_ name: String) throws -> String { try keyPair(name, beginsWithDash: true) }

    private static func keyPair(_ name: String, beginsWithDash: Bool) throws -> String {
        try check(name, what: "key pair name", limit: .keyPairName, beginsWithDash: beginsWithDash)
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else { throw invalid("key pair name", name, "it is not ASCII") }
        return name
    }

    /// A login user: what sshd could know, and nothing that a shell or a terminal could obey.
    package static func user(_ name: String) throws -> String {
        try check(name, what: "user name", limit: .userName)
        guard !name.unicodeScalars.contains(where: \.properties.isWhitespace) else {
            throw invalid("user name", name, "it contains a space")
        }
        return name
    }

    /// A host name, IPv4 or IPv6 address (without brackets, a zone after `%` allowed).
    package static func address(_ address: String) throws -> String {
        try check(address, what: "address", limit: .address)
        let allowed = address.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "%"): true
            default: false
            }
        }
        guard allowed else { throw invalid("address", address, "it is neither a host name nor an IP address") }
        return address
    }

    /// A tag's key (1 to 128 characters) and value (0 to 256), EC2's limits; neither may hold control characters.
    package static func tag(key: String, value: String) throws {
        try check(key, what: "tag key", limit: .tagKey)
        guard value.fits(.tagValue), value.isTerminalSafe else {
            throw invalid(
                "tag value",
                value,
                "it is longer than \(TextLimit.tagValue.scalars) characters or has ones that do not print"
            )
        }
        if key == Tags.nameKey { _ = try instance(value) }
    }

    /// A tag as EC2 takes it: any text of the right length that can be told again, an empty one and an instance's name included.
    /// Code that shows it makes it `terminalSafe`.
    package static func ec2Tag(key: String, value: String) throws {
        if key.isEmpty { throw invalid("tag key", key, "it is empty") }
        for (text, what, limit) in [(key, "tag key", TextLimit.tagKey), (value, "tag value", .tagValue)] {
            guard text.fits(limit) else { throw invalid(what, text, "it is longer than \(limit.scalars)") }
            // Line ends and tabs are all that XML has of what comes before the space (XML 1.0 §2.2).
            let isText = text.unicodeScalars.allSatisfy { scalar in
                scalar.value >= 0x20 ? scalar.value & 0xFFFE != 0xFFFE : "\t\n\r".unicodeScalars.contains(scalar)
            }
            guard isText else { throw invalid(what, text, "it has characters that are no text") }
        }
    }

    private static func check(
        _ name: String,
        what: String,
        limit: TextLimit,
        beginsWithDash: Bool = false
    ) throws {
        if name.isEmpty { throw invalid(what, name, "it is empty") }
        if !name.fits(limit) { throw invalid(what, name, "it is longer than \(limit.scalars)") }
        if !name.isTerminalSafe { throw invalid(what, name, "it has characters that do not print") }
        // Not as a character: a dash with an accent is another one, and a dash to every program.
        if !beginsWithDash, name.utf8.first == UInt8(ascii: "-") { throw invalid(what, name, "it begins with a dash") }
        let ends = [name.unicodeScalars.first, name.unicodeScalars.last]
        if ends.contains(where: { $0?.properties.isWhitespace == true }) {
            throw invalid(what, name, "it begins or ends with a space")
        }
    }

    private static func invalid(_ what: String, _ name: String, _ why: String) -> LatchkeyError {
        let shown = name.cut(to: .quotation)
        let rest = shown.utf8.count < name.utf8.count ? "…" : ""
        return LatchkeyError(
            .nameInvalid,
            "'\(shown.terminalSafe)\(rest)' cannot be \(what.first.map { "aei".contains($0) } == true ? "an" : "a") \(what): \(why)",
            hint: "choose one of letters, digits, dots, dashes and underscores"
        )
    }
}
