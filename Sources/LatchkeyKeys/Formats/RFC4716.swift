// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// The public key file of RFC 4716.
enum RFC4716 {
    static let begin = "---- BEGIN SSH2 PUBLIC KEY ----"
    private static let end = "---- END SSH2 PUBLIC KEY ----"
    /// "each line … MUST NOT be longer than 72 8-bit bytes" (§3.2). ssh-keygen writes 70.
    private static let columns = 70
    /// "The maximum length of the Header-tag is 64 bytes, the maximum length of the Header-value is 1024 bytes" (§3.3).
    private static let valueLimit = 1024

    /// - Throws: `malformed`.
    static func decode(_ text: Substring) throws(KeyFault) -> PublicKeyText {
        // "CR, LF or CRLF" (§3.1). Lines end there, and only there.
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        guard lines.first?.trimmingSpaces() == begin[...] else { throw .malformed }
        var comment = ""
        var content = ""
        var rest = lines.dropFirst()
        while let line = rest.popFirst() {
            if line.trimmingSpaces() == end[...] {
                guard let key = PublicKey(base64: content) else { throw .malformed }
                return PublicKeyText(key: key, comment: comment, format: .rfc4716)
            }
            guard let colon = line.firstIndex(of: ":") else {
                content += line.trimmingSpaces()
                continue
            }
            // "A line that is continued has a backslash as its last character" (§3.3).
            var value = String(line[line.index(after: colon)...])
            while value.hasSuffix("\\"), let next = rest.popFirst() { value = String(value.dropLast()) + next }
            guard value.utf8.count <= 2 * valueLimit else { throw .malformed }
            // "Header-tag is case-insensitive". "If the comment is quoted, the quotes are not part of it" (§3.3.2).
            guard line[..<colon].lowercased() == "comment" else { continue }
            let bare = value[...].trimmingSpaces()
            let isQuoted = bare.count >= 2 && bare.hasPrefix("\"") && bare.hasSuffix("\"")
            comment = String(isQuoted ? bare.dropFirst().dropLast() : bare)
        }
        throw .malformed
    }

    static func encode(_ key: PublicKey, comment: String) -> String {
        var text = begin + "\n"
        if !comment.isEmpty {
            var header = Substring("Comment: \"\(comment)\"")
            // A line that is cut gets a backslash, so it has one character less.
            while header.utf8.count > columns {
                var (part, size) = (Substring(), 0)
                while let next = header.first, size + next.utf8.count < columns {
                    part.append(next)
                    size += next.utf8.count
                    header.removeFirst()
                }
                text += part + "\\\n"
            }
            text += header + "\n"
        }
        return text + Base64.lines(key.blob, columns: columns) + end + "\n"
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var rest = drop { $0 == " " || $0 == "\t" }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return rest
    }
}
