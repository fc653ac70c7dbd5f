// SPDX-License-Identifier: Apache-2.0

/// Which texts look alike (Unicode Technical Standard #39, "Confusable Detection").
enum Confusables {
    /// What each scalar beyond ASCII looks like that looks like another one.
    static let table: [UInt32: [UInt32]] = data.withUTF8Buffer(read)

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt32: [UInt32]] {
        var table: [UInt32: [UInt32]] = [:]
        table.reserveCapacity(8000)
        var (source, count): (UInt32, UInt32) = (0x0, 1)
        var position = 0
        func number() -> UInt32 {
            var value: UInt32 = 0
            while position < bytes.count, let digit = digit(bytes[position]) {
                (value, position) = (value * 62 + digit, position + 1)
            }
            return value
        }
        while position < bytes.count {
            let sign = bytes[position]
            position += 1
            switch sign {
            case UInt8(ascii: ","): source += number()
            case UInt8(ascii: "*"): count = number()
            default:
                var target = [number()]
                while position < bytes.count, bytes[position] == UInt8(ascii: "+") {
                    position += 1
                    target.append(number())
                }
                for step in 0..<count {
                    table[source + step] = target
                    target[0] += 1
                }
                (source, count) = (source + count, 1)
            }
        }
        return table
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A")) + 10
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 36
        default: nil
        }
    }

    /// What a scalar of ASCII looks like, without a look into the table.
    static func ascii(_ value: UInt32) -> [UInt32] {
        switch Unicode.Scalar(value) {
        case "0": [0x4F]
        case "1", "I", "|": [0x6C]
        case "m": [0x72, 0x6E]
        case "\"": [0x27, 0x27]
        case "`": [0x27]
        case "%": [0xBA, 0x2F, 0x2080]
        default: [value]
        }
    }

    /// A syllable of Hangul as its letters (The Unicode Standard, §3.12); nil for anything else.
    static func letters(ofSyllable value: UInt32) -> [UInt32]? {
        guard (0xAC00...0xD7A3).contains(value) else { return nil }
        let index = value - 0xAC00
        let letters = [0x1100 + index / 588, 0x1161 + index % 588 / 28]
        return index % 28 == 0 ? letters : letters + [0x11A7 + index % 28]
    }
}

extension String {
    /// What this text looks like: texts of the same skeleton are told apart by programs only. It is for comparing, and not to
    /// be shown. Besides what the standard does, blanks of all kinds are one, and none at the ends.
    package var skeleton: String {
        var likeness: [Unicode.Scalar] = []
        func add(_ values: [UInt32]) { likeness += values.compactMap(Unicode.Scalar.init) }
        for scalar in unicodeScalars where !scalar.isUnseen {
            if scalar.isBlank {
                if likeness.last != " " { add([0x20]) }
            } else if scalar.isASCII {
                add(Confusables.ascii(scalar.value))
            } else {
                for value in Confusables.letters(ofSyllable: scalar.value) ?? [scalar.value] {
                    add(Confusables.table[value] ?? [value])
                }
            }
        }
        while likeness.last == " " { likeness.removeLast() }
        if likeness.first == " " { likeness.removeFirst() }
        return String(String.UnicodeScalarView(Self.ordered(likeness)))
    }

    /// Marks in the order of their classes (The Unicode Standard, D109): several on one letter may come in any order.
    private static func ordered(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var ordered = scalars
        var start = 0
        while start < ordered.count {
            guard ordered[start].combiningClass != 0 else {
                start += 1
                continue
            }
            let end = ordered[start...].firstIndex { $0.combiningClass == 0 } ?? ordered.endIndex
            // Those of one class stay as they are.
            let row = ordered[start..<end].enumerated()
                .sorted { ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset) }
            ordered.replaceSubrange(start..<end, with: row.map(\.element))
            start = end
        }
        return ordered
    }
}

extension Unicode.Scalar {
    fileprivate var combiningClass: UInt8 { value < 0x300 ? 0 : properties.canonicalCombiningClass.rawValue }
}
