// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel
internal import LatchkeySystem

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

    /// Writes `bytes` as lines of so many characters, the last one maybe shorter; no line if there are no bytes.
    static func encode(_ bytes: UnsafeRawBufferPointer, columns: Int, into text: inout Secret) {
        var column = 0
        func put(_ character: UInt8) {
            if column == columns {
                _ = text.append(UInt8(ascii: "\n"))
                column = 0
            }
            _ = text.append(character)
            column += 1
        }
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                put(place <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        if column > 0 { _ = text.append(UInt8(ascii: "\n")) }
    }

    /// How many lines and characters, line ends included, ``encode(_:columns:into:)`` writes.
    static func size(of count: Int, columns: Int) -> (lines: Int, characters: Int) {
        let characters = (count + 2) / 3 * 4
        let lines = (characters + columns - 1) / columns
        return (lines, characters + lines)
    }
}

/// Base64 of what is not secret.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// - Returns: nil if it is not base64.
    static func decode(_ text: some StringProtocol) -> [UInt8]? { Data(base64Encoded: String(text)).map(Array.init) }

    /// Lines of so many characters, each with its end.
    static func lines(_ bytes: [UInt8], columns: Int) -> String {
        var rest = encode(bytes)[...]
        var text = ""
        while !rest.isEmpty {
            text += rest.prefix(columns) + "\n"
            rest = rest.dropFirst(columns)
        }
        return text
    }
}
