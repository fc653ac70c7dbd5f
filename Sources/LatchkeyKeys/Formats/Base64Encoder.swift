// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

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
