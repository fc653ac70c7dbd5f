// SPDX-License-Identifier: Apache-2.0

/// An instance's or key pair's tags; the instance's name is the one called `Name`, as in EC2.
package typealias Tags = [String: String]

extension Tags {
    package static let nameKey = "Name"
    /// Whom to log in as, and the port of sshd, which EC2 knows nothing of.
    package static let userKey = "latchkey:user"
    package static let portKey = "latchkey:port"

    /// Tags as people read them, sorted by key: `env=prod, role=db`. The name is left out.
    package var listed: String {
        filter { $0.key != Tags.nameKey }
            .sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)".terminalSafe }
            .joined(separator: ", ")
    }
}

/// One `KEY=VALUE` as people write it on a command line; the value may be empty.
package struct TagArgument: Equatable, Sendable {
    package let key: String
    package let value: String

    /// - Throws: `LatchkeyError.usage` if there is no `=`, `nameInvalid` if a part breaks the rules of tags.
    package init(_ text: String) throws {
        guard let separator = text.firstIndex(of: "=") else {
            throw LatchkeyError(.usage, "'\(text.terminalSafe)' is not a tag", hint: "write KEY=VALUE")
        }
        key = String(text[..<separator])
        value = String(text[text.index(after: separator)...])
        try Names.tag(key: key, value: value)
    }
}
