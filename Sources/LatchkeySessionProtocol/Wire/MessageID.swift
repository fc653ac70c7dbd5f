// SPDX-License-Identifier: Apache-2.0

/// A UUID as two numbers, the half that is written first being `high`.
package struct MessageID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// In the usual form, for example `00112233-4455-6677-8899-aabbccddeeff`.
    package var description: String {
        let digits = MessageID.digits(high) + MessageID.digits(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text += "-" }
            text.append(digit)
        }
        return text
    }

    private static func digits(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
