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
            while value.unicodeScalars.last == "\\", let next = rest.popFirst() {
                value.unicodeScalars.removeLast()
                value.unicodeScalars.append(contentsOf: next.unicodeScalars)
            }
            guard value.utf8.count <= valueLimit else { throw .malformed }
            // "Header-tag is case-insensitive". "If the comment is quoted, the quotes are not part of it" (§3.3.2).
            guard line[..<colon].lowercased() == "comment" else { continue }
            // By scalar: a letter may join a quotation mark to one character.
            let bare = value[...].trimmingSpaces().unicodeScalars
            let isQuoted = bare.count >= 2 && bare.first == "\"" && bare.last == "\""
            comment = String(isQuoted ? bare.dropFirst().dropLast() : bare)
        }
        throw .malformed
    }

    static func encode(_ key: PublicKey, comment: String) -> String {
        var text = begin + "\n"
        var comment = comment
        // The quotes and the space before them count, too.
        while comment.utf8.count > valueLimit - 3 { comment.unicodeScalars.removeLast() }
        if !comment.isEmpty {
            var header = Substring("Comment: \"\(comment)\"").unicodeScalars
            // A line that is cut gets a backslash, so it has one character less.
            while header.reduce(0, { $0 + UTF8.width($1) }) > columns {
                var (part, size) = (Substring.UnicodeScalarView(), 0)
                while let next = header.first, size + UTF8.width(next) < columns {
                    part.append(next)
                    size += UTF8.width(next)
                    header.removeFirst()
                }
                text += String(part) + "\\\n"
            }
            text += String(header) + "\n"
        }
        return text + Base64.lines(key.blob, columns: columns) + end + "\n"
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var rest = unicodeScalars.drop { $0 == " " || $0 == "\t" }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return Substring(rest)
    }
}
