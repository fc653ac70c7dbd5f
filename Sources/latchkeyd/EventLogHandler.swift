// SPDX-License-Identifier: Apache-2.0

internal import Logging

/// A line on standard error for each event: for people where that is a terminal; else of JSON, so that machines can read it
/// and text from outside cannot fake a line.
///
/// It never waits: ``LogQueue`` writes. Warnings and errors, which clients without credentials can cause, are limited in number, each kind by
/// itself. The length of a line is limited in any case.
struct EventLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let message = "\(event.message)"
        // Only users and agents with valid signatures cause these, a line for each session or connection.
        let isLimited = event.level != .info && event.level != .notice
        guard !isLimited || LogQueue.shared.allows(message) else { return }
        var fields: [String: String] = [:]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            fields[key] = "\(value)"
        }
        if let line = LogLine.make(level: event.level.rawValue, message: message, fields: fields) {
            LogQueue.shared.add(line)
        }
    }
}
