// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel

extension Secret {
    /// The same text in UTF-8 and without a mark; nil if it is so already.
    package borrowing func recoded() -> Secret? {
        // UTF-16's two bytes become three at the most.
        var plain = Secret(capacity: count * 3 / 2 + 3)
        let isOther = withBytes { text in TextEncoding.recode(text) { _ = plain.append($0) } }
        guard isOther else { return nil }
        return plain
    }

    /// A passphrase as it would have been typed where text is ISO 8859-1; or in UTF-8, if this is not UTF-8. Nil if it is the
    /// same in both, or cannot be written in the other.
    package borrowing func inOtherEncoding() -> Secret? {
        var other = Secret(capacity: count * 2)
        let isOther = withBytes { bytes -> Bool in
            guard bytes.contains(where: { $0 >= 0x80 }) else { return false }
            var decoder = UTF8()
            var iterator = bytes.makeIterator()
            var isUTF8 = true
            var fits = true
            decoding: while true {
                switch decoder.decode(&iterator) {
                case .scalarValue(let scalar):
                    if scalar.value <= 0xFF { _ = other.append(UInt8(scalar.value)) } else { fits = false }
                case .emptyInput: break decoding
                case .error:
                    isUTF8 = false
                    break decoding
                }
            }
            if isUTF8 { return fits }
            other.removeAll()
            for byte in bytes {
                if byte < 0x80 {
                    _ = other.append(byte)
                } else {
                    _ = other.append(0xC0 | byte >> 6)
                    _ = other.append(0x80 | byte & 0x3F)
                }
            }
            return true
        }
        guard isOther else { return nil }
        return other
    }
}
