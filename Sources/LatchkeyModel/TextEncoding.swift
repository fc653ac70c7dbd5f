// SPDX-License-Identifier: Apache-2.0

/// Text as other systems' editors and shells write it into files: UTF-8 with a byte order mark (Unicode 15, §23.8), and UTF-16
/// with one, as PowerShell's `>` does.
package enum TextEncoding {
    private enum Form {
        /// UTF-8, or bytes of any kind, behind so many bytes of a mark.
        case bytes(mark: Int)
        case utf16(isLittleEndian: Bool)

        init(_ text: UnsafeRawBufferPointer) {
            if text.starts(with: [0xFF, 0xFE]) {
                self = .utf16(isLittleEndian: true)
            } else if text.starts(with: [0xFE, 0xFF]) {
                self = .utf16(isLittleEndian: false)
            } else {
                self = .bytes(mark: text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
            }
        }
    }

    /// Whether a text begins with the mark of UTF-16.
    package static func isUTF16(_ text: UnsafeRawBufferPointer) -> Bool {
        if case .utf16 = Form(text) { true } else { false }
    }

    /// Gives a text's bytes in UTF-8 to `emit`, one after the other.
    ///
    /// - Returns: whether they differ from those of the text.
    fileprivate static func recode(_ text: UnsafeRawBufferPointer, _ emit: (UInt8) -> Void) -> Bool {
        switch Form(text) {
        case .bytes(let mark):
            text.dropFirst(mark).forEach(emit)
            return mark > 0
        case .utf16(let isLittleEndian):
            let units = stride(from: 2, to: text.count - 1, by: 2).lazy
                .map { index in
                    let (first, second) = (UInt16(text[index]), UInt16(text[index + 1]))
                    return isLittleEndian ? second << 8 | first : first << 8 | second
                }
            _ = transcode(units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: false, into: emit)
            return true
        }
    }
}

extension String {
    /// The text of a file in UTF-8, or in UTF-16 with its mark; malformed parts are replaced.
    package init(recoding bytes: [UInt8]) {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        _ = bytes.withUnsafeBytes { text in TextEncoding.recode(text) { plain.append($0) } }
        self.init(decoding: plain, as: UTF8.self)
    }

    /// The same; nil if it is malformed.
    package init?(validatingRecoded bytes: [UInt8]) {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        _ = bytes.withUnsafeBytes { text in TextEncoding.recode(text) { plain.append($0) } }
        self.init(validating: plain, as: UTF8.self)
    }
}

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
