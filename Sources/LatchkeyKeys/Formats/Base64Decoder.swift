// SPDX-License-Identifier: Apache-2.0

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
