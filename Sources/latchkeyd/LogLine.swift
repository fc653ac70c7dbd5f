// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import LatchkeyModel

/// An event as a line, whose length has a bound whatever was logged.
enum LogLine {
    /// Bytes of a field that are kept.
    static let limit = 1024

    /// Whether people read it.
    private static let isForPeople = isatty(STDERR_FILENO) == 1

    /// - Returns: the line with its newline; nil if there is no such text.
    static func make(level: String, message: String, fields: [String: String]) -> [UInt8]? {
        let all = fields.mapValues(bounded)
        let now = Date()
        return isForPeople
            ? text(level: level, message: bounded(message), fields: all, now)
            : json(level: level, message: bounded(message), fields: all, now)
    }

    private static func json(level: String, message: String, fields: [String: String], _ now: Date) -> [UInt8]? {
        var all = fields
        all["time"] = now.formatted(.iso8601)
        all["level"] = level
        all["message"] = message
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(all)).map { Array($0) + [0x0A] }
    }

    /// `21:04:17 listening, address 127.0.0.1:8443, tls optional`, the time that of this machine's clock and zone.
    private static func text(level: String, message: String, fields: [String: String], _ now: Date) -> [UInt8] {
        let sign = ["info", "notice"].contains(level) ? "" : "\(level): "
        // What to do stands at the end.
        let facts = fields.filter { $0.key != "hint" }.sorted { $0.key < $1.key }
            .map { ", \($0.key) \($0.value.isEmpty ? "-" : $0.value)" }
        let hint = fields["hint"].map { "; \($0)" } ?? ""
        return Array("\(clock(now)) \(sign)\(message)\(facts.joined())\(hint)\n".utf8)
    }

    private static func clock(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
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
