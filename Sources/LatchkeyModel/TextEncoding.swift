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
    package static func recode(_ text: UnsafeRawBufferPointer, _ emit: (UInt8) -> Void) -> Bool {
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
