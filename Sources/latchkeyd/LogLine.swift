// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyModel

/// An event as a line of JSON, whose length has a bound whatever was logged.
enum LogLine {
    /// Bytes of a field that are kept.
    static let limit = 1024

    /// - Returns: the line with its newline; nil if there is no such text.
    static func make(level: String, message: String, fields: [String: String]) -> [UInt8]? {
        var all = fields.mapValues(bounded)
        all["time"] = Date().formatted(.iso8601)
        all["level"] = level
        all["message"] = bounded(message)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(all)).map { Array($0) + [0x0A] }
    }

    /// What says that events are missing.
    static func make(leftOut count: Int, of message: String) -> [UInt8] {
        make(level: "warning", message: "events left out", fields: ["count": "\(count)", "of": message]) ?? []
    }

    /// The beginning of a text without anything that a terminal could obey, and how long the whole is if that is not all.
    static func bounded(_ text: String) -> String {
        let count = text.utf8.count
        guard count > limit else { return text.terminalSafe }
        return "\(String(terminalSafe: text.utf8.prefix(limit)))… (\(count) bytes)"
    }
}
