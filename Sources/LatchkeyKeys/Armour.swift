// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

/// The text form of private keys: RFC 7468 with the header lines of RFC 1421 that OpenSSL's older files carry.
struct Armour: ~Copyable {
    /// What stands between `-----BEGIN ` and `-----`.
    let label: String
    /// Header lines such as `Proc-Type: 4,ENCRYPTED`.
    let headers: [String]
    let content: Secret

    private static let columns = 64

    /// The first private key in a text; what stands before it is passed over.
    ///
    /// - Throws: `notAKey` if there is none, `malformed` if it does not end or is not base64.
    static func decode(_ text: borrowing Secret) throws(KeyFault) -> Armour {
        try text.withBytes { bytes throws(KeyFault) in try decode(bytes) }
    }

    /// Whether a text could be a private key of any kind, PuTTY's included.
    static func looksLikeKey(_ text: UnsafeRawBufferPointer) -> Bool {
        if text.starts(with: "PuTTY-User-Key-File-".utf8) { return true }
        var lines = Lines(text)
        while let line = lines.next() {
            if label(of: line, marker: "-----BEGIN ")?.hasSuffix("PRIVATE KEY") == true { return true }
        }
        return false
    }

    private static func decode(_ text: UnsafeRawBufferPointer) throws(KeyFault) -> Armour {
        var lines = Lines(text)
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

    /// The text form of `content`, lines of 64 characters (RFC 7468 §2: "exactly 64 characters", the last may be shorter).
    static func encode(label: String, _ content: borrowing Secret) -> Secret {
        let bytesInLine = columns / 4 * 3
        let lineCount = content.count / bytesInLine + 2
        var text = Secret(capacity: lineCount * (columns + 1) + 2 * (label.utf8.count + 18))
        for byte in "-----BEGIN \(label)-----\n".utf8 { _ = text.append(byte) }
        content.withBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: bytesInLine) {
                let line = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + bytesInLine, bytes.count)])
                Base64Encoder.encode(line) { _ = text.append($0) }
                _ = text.append(UInt8(ascii: "\n"))
            }
        }
        for byte in "-----END \(label)-----\n".utf8 { _ = text.append(byte) }
        return text
    }

    /// Lines without their ends (LF or CRLF) and without spaces around them.
    private struct Lines {
        private var rest: UnsafeRawBufferPointer

        init(_ text: UnsafeRawBufferPointer) { rest = text }

        mutating func next() -> UnsafeRawBufferPointer? {
            guard !rest.isEmpty else { return nil }
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var line = rest[..<end]
            rest = UnsafeRawBufferPointer(rebasing: rest[min(end + 1, rest.endIndex)...])
            func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
            while let last = line.last, isBlank(last) { line = line.dropLast() }
            while let first = line.first, isBlank(first) { line = line.dropFirst() }
            return UnsafeRawBufferPointer(rebasing: line)
        }
    }
}

/// Base64 (RFC 4648 §4) straight into secret memory, which the library functions do not offer.
struct Base64Decoder {
    private var bits: UInt32 = 0
    private var count = 0
    private var padding = 0

    /// Whether what was decoded so far could be the whole.
    var isComplete: Bool { (count + padding) % 4 == 0 && padding <= 2 }

    /// - Returns: false at a character that is not base64, or one after the padding.
    mutating func decode(_ text: UnsafeRawBufferPointer, into target: inout Secret) -> Bool {
        for character in text {
            if character == UInt8(ascii: "=") {
                padding += 1
                guard padding <= 2 else { return false }
                continue
            }
            guard padding == 0, let value = Base64Decoder.value(character) else { return false }
            bits = bits << 6 | value
            count += 1
            // Every group of four characters gives a byte at its second, third and fourth.
            let surplus: UInt32
            switch count % 4 {
            case 2: surplus = 4
            case 3: surplus = 2
            case 0: surplus = 0
            default: continue
            }
            guard target.append(UInt8(truncatingIfNeeded: bits >> surplus)) else { return false }
        }
        return true
    }

    private static func value(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

enum Base64Encoder {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: UnsafeRawBufferPointer, put: (UInt8) -> Void) {
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                put(place <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
    }
}
