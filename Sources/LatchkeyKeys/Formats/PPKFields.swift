// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

extension PPK {
    /// Reads the lines of PuTTY's file: `Name: value`, in their order, and counted lines of base64.
    struct FieldReader {
        private var lines: TextLines
        private let room: Int

        init(_ text: UnsafeRawBufferPointer) {
            lines = TextLines(text, trims: false)
            room = text.count
        }

        mutating func line() -> UnsafeRawBufferPointer? { lines.next() }

        /// The value of the next line, which must have this name.
        mutating func field(_ name: String) throws(KeyFault) -> String {
            String(decoding: try bytes(name), as: UTF8.self)
        }

        /// The same as it stands there: a comment may be in any encoding, and the code is over its bytes.
        mutating func bytes(_ name: String) throws(KeyFault) -> [UInt8] {
            guard let line = lines.next(), line.starts(with: name.utf8), line.count > name.utf8.count,
                line[name.utf8.count] == UInt8(ascii: ":")
            else { throw .malformed }
            return FieldReader.value(line[name.utf8.count...])
        }

        /// A number that must be there.
        mutating func number(_ name: String) throws(KeyFault) -> Int {
            guard let number = Int(try field(name)), number >= 0 else { throw .malformed }
            return number
        }

        /// As many lines of base64 as the field of this name says.
        mutating func base64(_ name: String) throws(KeyFault) -> Secret {
            let count = try number(name)
            // A line has one character at least.
            guard count <= room else { throw .malformed }
            var content = Secret(capacity: min(room, 1024 * count))
            var decoder = Base64Decoder()
            for _ in 0..<count {
                guard let line = lines.next(), decoder.decode(line, into: &content) else { throw .malformed }
            }
            guard decoder.isComplete else { throw .malformed }
            return content
        }

        /// What stands behind the colon and the one space.
        static func value(_ rest: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
            let value = rest.dropFirst()
            return Array(value.first == UInt8(ascii: " ") ? value.dropFirst() : value)
        }

        static func bytes(ofHexadecimal text: String) -> [UInt8]? {
            let digits = Array(text.utf8)
            guard digits.count % 2 == 0 else { return nil }
            var bytes: [UInt8] = []
            for start in stride(from: 0, to: digits.count, by: 2) {
                guard let byte = UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16) else {
                    return nil
                }
                bytes.append(byte)
            }
            return bytes
        }
    }
}
