// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether a person looks for this text before another one: numbers in it count by their value, so that `app-2` stands
    /// before `app-12`, and the case of ASCII letters only where nothing else differs.
    package func naturallyPrecedes(_ other: String) -> Bool {
        let (a, b) = (Array(utf8), Array(other.utf8))
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            if a[i].isDigit, b[j].isDigit {
                let (first, second) = (String.number(a, &i), String.number(b, &j))
                if first.count != second.count { return first.count < second.count }
                if !first.elementsEqual(second) { return first.lexicographicallyPrecedes(second) }
            } else {
                if a[i].lowercased != b[j].lowercased { return a[i].lowercased < b[j].lowercased }
                (i, j) = (i + 1, j + 1)
            }
        }
        let (restOfFirst, restOfSecond) = (a.count - i, b.count - j)
        // What differs in case or in leading zeros only has an order, too: a list must not change from one time to the next.
        return restOfFirst == restOfSecond ? a.lexicographicallyPrecedes(b) : restOfFirst < restOfSecond
    }

    /// The digits from a place on, without leading zeros; the place is moved behind them.
    private static func number(_ bytes: [UInt8], _ position: inout Int) -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count, bytes[position].isDigit { position += 1 }
        return bytes[start..<position].drop { $0 == UInt8(ascii: "0") }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var lowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
