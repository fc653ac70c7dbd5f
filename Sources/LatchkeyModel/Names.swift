// SPDX-License-Identifier: Apache-2.0

/// The rules for the names that people give to things. Each function returns the name or throws `nameInvalid`.
package enum Names {
    /// An instance's name: 1 to 255 characters that print, no leading dash, no spaces at the ends, not an id's form.
    package static func instance(_ name: String) throws -> String {
        try check(name, what: "instance name", limit: 255)
        if Identifier.looksLikeInstanceID(name) || name.hasPrefix("tag:") {
            throw invalid("instance name", name, "it would be read as \(name.hasPrefix("tag:") ? "a tag" : "an id")")
        }
        return name
    }

    /// A key pair's name: 1 to 255 ASCII characters that print, no leading dash, no spaces at the ends
    /// (EC2 User Guide, "Create a key pair": up to 255 ASCII characters, no leading or trailing spaces).
    package static func keyPair(_ name: String) throws -> String {
        try check(name, what: "key pair name", limit: 255)
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else { throw invalid("key pair name", name, "it is not ASCII") }
        return name
    }

    /// A login user: what sshd could know, and nothing that a shell or a terminal could obey.
    package static func user(_ name: String) throws -> String {
        try check(name, what: "user name", limit: 64)
        guard !name.contains(where: \.isWhitespace) else { throw invalid("user name", name, "it contains a space") }
        return name
    }

    /// A host name, IPv4 or IPv6 address (without brackets, a zone after `%` allowed).
    package static func address(_ address: String) throws -> String {
        try check(address, what: "address", limit: 253)
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

    /// A tag's key (1 to 127 characters) and value (0 to 255), EC2's limits; neither may hold control characters.
    package static func tag(key: String, value: String) throws {
        try check(key, what: "tag key", limit: 127)
        guard value.isTerminalSafe, value.count <= 255 else {
            throw invalid("tag value", value, "it is longer than 255 characters or has ones that do not print")
        }
        if key == Tags.nameKey { _ = try instance(value) }
    }

    private static func check(_ name: String, what: String, limit: Int) throws {
        if name.isEmpty { throw invalid(what, name, "it is empty") }
        if name.count > limit { throw invalid(what, String(name.prefix(24)) + "…", "it is longer than \(limit)") }
        if !name.isTerminalSafe { throw invalid(what, name, "it has characters that do not print") }
        if name.hasPrefix("-") { throw invalid(what, name, "it begins with a dash") }
        if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
            throw invalid(what, name, "it begins or ends with a space")
        }
    }

    private static func invalid(_ what: String, _ name: String, _ why: String) -> LatchkeyError {
        LatchkeyError(
            .nameInvalid,
            "'\(name.terminalSafe)' cannot be \(what.first.map { "aei".contains($0) } == true ? "an" : "a") \(what): \(why)",
            hint: "choose one of letters, digits, dots, dashes and underscores"
        )
    }
}
