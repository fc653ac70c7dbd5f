// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

/// The text form of private keys: RFC 7468 with the header lines of RFC 1421 that OpenSSL's older files carry.
struct Armour: ~Copyable {
    /// What stands between `-----BEGIN ` and `-----`.
    let label: String
    /// Header lines such as `Proc-Type: 4,ENCRYPTED`.
    let headers: [String]
    let content: Secret

    /// By its header lines; what the label says is another matter.
    var isEncrypted: Bool { headers.contains { $0.contains("ENCRYPTED") } }

    /// The beginnings of files that are private keys, but in a form of former times that is only known by name.
    private static let former = [
        ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", "a key of ssh.com's"),
        ("SSH PRIVATE KEY FILE FORMAT 1.1", "a key of SSH 1"),
    ]

    /// The first private key in a text; what stands before it is passed over.
    ///
    /// - Throws: `notAKey` if there is none, `malformed` if it does not end or is not base64, `unsupported`.
    static func decode(_ text: borrowing Secret) throws(KeyFault) -> Armour {
        try text.withBytes { bytes throws(KeyFault) in try decode(bytes) }
    }

    /// Whether a text could be a private key of any kind, PuTTY's included.
    static func looksLikeKey(_ text: UnsafeRawBufferPointer) -> Bool {
        let text = withoutMark(text)
        if text.starts(with: PPK.mark.utf8) || former.contains(where: { text.starts(with: $0.0.utf8) }) { return true }
        var lines = TextLines(text)
        while let line = lines.next() {
            if label(of: line, marker: "-----BEGIN ")?.hasSuffix("PRIVATE KEY") == true { return true }
        }
        return false
    }

    /// Without the byte order mark that some editors put before UTF-8.
    private static func withoutMark(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        text.starts(with: [0xEF, 0xBB, 0xBF]) ? UnsafeRawBufferPointer(rebasing: text[3...]) : text
    }

    private static func decode(_ text: UnsafeRawBufferPointer) throws(KeyFault) -> Armour {
        let text = withoutMark(text)
        if let kind = former.first(where: { text.starts(with: $0.0.utf8) }) { throw .unsupported(kind.1) }
        var lines = TextLines(text)
        while let line = lines.next() {
            guard let label = label(of: line, marker: "-----BEGIN "), label.hasSuffix("PRIVATE KEY") else { continue }
            var headers: [String] = []
            var content = Secret(capacity: text.count)
            var decoder = Base64Decoder()
            while let line = lines.next() {
                if Armour.label(of: line, marker: "-----END ") == label {
                    guard decoder.isComplete, content.count > 0 else { throw .malformed }
                    return Armour(label: label, headers: headers, content: content)
                }
                if line.contains(UInt8(ascii: ":")) {
                    headers.append(String(decoding: line, as: UTF8.self))
                } else {
                    guard decoder.decode(line, into: &content) else { throw .malformed }
                }
            }
            throw .malformed
        }
        throw .notAKey
    }

    private static func label(of line: UnsafeRawBufferPointer, marker: String) -> String? {
        guard line.count > marker.utf8.count + 5, line.starts(with: marker.utf8),
            line.suffix(5).elementsEqual("-----".utf8)
        else { return nil }
        return String(decoding: line.dropFirst(marker.utf8.count).dropLast(5), as: UTF8.self)
    }

    /// The text form of `content`, lines of 64 characters (RFC 7468 §2: "exactly 64 characters", the last may be
    /// shorter). OpenSSH's own form has lines of 70.
    static func encode(label: String, headers: [String] = [], _ content: borrowing Secret, columns: Int = 64) -> Secret
    {
        let head = "-----BEGIN \(label)-----\n" + headers.map { $0 + "\n" }.joined() + (headers.isEmpty ? "" : "\n")
        let foot = "-----END \(label)-----\n"
        let room = Base64Encoder.size(of: content.count, columns: columns).characters
        var text = Secret(capacity: head.utf8.count + room + foot.utf8.count)
        for byte in head.utf8 { _ = text.append(byte) }
        content.withBytes { Base64Encoder.encode($0, columns: columns, into: &text) }
        for byte in foot.utf8 { _ = text.append(byte) }
        return text
    }
}
