// SPDX-License-Identifier: Apache-2.0

/// How people point at instances: a name, an id, an address, `tag:KEY=VALUE`, or the beginning of a name or id.
package enum InstanceSelector: Equatable, Sendable {
    case tag(key: String, value: String)
    case text(String)

    /// - Throws: `LatchkeyError.usage` for an empty selector, one with characters that do not print, or half a tag.
    package init(_ text: String) throws {
        guard !text.isEmpty, text.isTerminalSafe else {
            throw LatchkeyError(
                .usage,
                text.isEmpty
                    ? "an empty name matches no instance"
                    : "'\(text.terminalSafe)' has characters that do not print, so it names no instance",
                hint: "latchkey instance list shows the ones there are"
            )
        }
        guard text.hasPrefix("tag:") else {
            self = .text(text)
            return
        }
        let argument = text.dropFirst("tag:".count)
        // The first '=' ends the key: keys such as 'aws:autoscaling:groupName' have colons but no equals sign.
        guard let separator = argument.firstIndex(of: "="), separator > argument.startIndex else {
            throw LatchkeyError(.usage, "'\(text)' is not a tag selector", hint: "write tag:KEY=VALUE")
        }
        self = .tag(
            key: String(argument[..<separator]),
            value: String(argument[argument.index(after: separator)...])
        )
    }
}
