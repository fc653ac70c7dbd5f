// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto
internal import LatchkeyModel

/// A file of the console, as it is sent.
struct ConsoleFile: Sendable {
    let type: String
    let content: [UInt8]
    /// The same, compressed (RFC 1952); nil where there is none.
    let compressed: [UInt8]?
    /// What tells one content from another (RFC 9110 §8.8.3).
    let tag: String

    init(type: String, content: [UInt8], compressed: [UInt8]?) {
        self.type = type
        self.content = content
        self.compressed = compressed
        tag = "\"\(Hex.encode(Array(Digest.sha256(content).prefix(16))))\""
    }

    /// What a file is, by its name; nil for a name of no kind that the console has, such as a folder's.
    static func type(of name: String) -> String? {
        guard let dot = name.lastIndex(of: ".") else { return name == "LICENSE" ? "text/plain; charset=utf-8" : nil }
        return switch name[name.index(after: dot)...] {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: nil
        }
    }
}
