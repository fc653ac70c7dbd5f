// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import Glibc

/// A point in time as signatures write it, in whole seconds of UTC, for example `20150830T123600Z`.
package struct SigningTime: Equatable, Sendable {
    /// Since 1970.
    let seconds: Int
    /// ISO 8601 in its basic form.
    package let text: String
    /// The first eight characters, for example `20150830`.
    package var day: String { String(text.prefix(8)) }

    /// Fractions of a second are cut off.
    package init(_ date: Date) {
        // Years of four digits only.
        self.init(seconds: Int(min(max(date.timeIntervalSince1970.rounded(.down), -62_135_596_800), 253_402_300_799)))
    }

    private init(seconds: Int) {
        self.seconds = seconds
        var (time, parts) = (time_t(seconds), tm())
        gmtime_r(&time, &parts)
        let rest = [parts.tm_mon + 1, parts.tm_mday].map { SigningTime.padded(Int($0), 2) }.joined()
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { SigningTime.padded(Int($0), 2) }.joined()
        text = "\(SigningTime.padded(Int(parts.tm_year) + 1900, 4))\(rest)T\(clock)Z"
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    /// In the form of HTTP's own header `Date` (RFC 9110 §5.6.7), for example `Sun, 30 Aug 2015 12:36:00 GMT`.
    package var httpText: String {
        var (time, parts) = (time_t(seconds), tm())
        gmtime_r(&time, &parts)
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { SigningTime.padded(Int($0), 2) }
        let day = "\(SigningTime.days[Int(parts.tm_wday)]), \(SigningTime.padded(Int(parts.tm_mday), 2))"
        let year = SigningTime.padded(Int(parts.tm_year) + 1900, 4)
        return "\(day) \(SigningTime.months[Int(parts.tm_mon)]) \(year) \(clock.joined(separator: ":")) GMT"
    }

    /// - Returns: nil unless `text` is a date that exists, in exactly this form.
    init?(basic text: some StringProtocol) {
        let characters = Array(text.utf8)
        guard characters.count == 16, characters[8] == UInt8(ascii: "T"), characters[15] == UInt8(ascii: "Z"),
            let year = SigningTime.number(characters[0..<4]), let month = SigningTime.number(characters[4..<6]),
            let day = SigningTime.number(characters[6..<8]), let hour = SigningTime.number(characters[9..<11]),
            let minute = SigningTime.number(characters[11..<13]), let second = SigningTime.number(characters[13..<15])
        else { return nil }
        self.init(year, month, day, hour, minute, second)
        // What does not exist, such as the 30th of February, becomes another date.
        guard self.text == text else { return nil }
    }

    /// The form of HTTP's own header (RFC 9110 §5.6.7), for example `Sun, 30 Aug 2015 12:36:00 GMT`; mail's ways of
    /// writing the zone (RFC 5322 §3.3) are taken, too, since botocore writes `-0000`. The day of the week is not looked
    /// at.
    ///
    /// - Returns: nil if `text` is something else.
    init?(http text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let months = SigningTime.months
        guard text.utf8.count <= 40, words.count == 6, words[0].utf8.count == 4, words[0].hasSuffix(","),
            ["GMT", "UTC", "+0000", "-0000"].contains(words[5]), let month = months.firstIndex(of: String(words[2]))
        else { return nil }
        let clock = words[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, words[1].utf8.count == 2, words[3].utf8.count == 4,
            clock.allSatisfy({ $0.utf8.count == 2 })
        else { return nil }
        // Through the strict form, which refuses dates that do not exist.
        self.init(basic: "\(words[3])\(SigningTime.padded(month + 1, 2))\(words[1])T\(clock.joined())Z")
    }

    private init(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int) {
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (Int32(hour), Int32(minute), Int32(second))
        self.init(seconds: timegm(&parts))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = 10 * number + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
