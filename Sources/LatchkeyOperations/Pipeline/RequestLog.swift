// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import Logging

/// Records requests in the log: a user's changes, and what was denied to a user, at the level `info`; all else at `debug`, a
/// channel of a session whose start stands there, too.
struct RequestLog: RequestRecorder {
    let region: String
    let log: Logger

    func record(_ record: RequestRecord, _ outcome: RequestRecord.Outcome) {
        let level = RequestLog.level(record, outcome)
        guard level >= log.logLevel else { return }
        var metadata: Logger.Metadata = ["action": "\(record.action)", "request": "\(record.requestID)"]
        metadata["principal"] = record.principal?.arn.map { "\($0)" }
        if case .user(_, let accessKeyID, _)? = record.principal { metadata["access-key"] = "\(accessKeyID)" }
        metadata["console"] = record.consoleSessionID.map { "\($0)" }
        metadata["source"] = record.sourceAddress.map { "\($0)" }
        metadata["user-agent"] = record.userAgent.map { "\($0.cut(to: .quotation))" }
        if !record.resources.isEmpty {
            let shown = record.resources.prefix(RequestLog.resourceLimit)
                .map { $0.arn(region: region).cut(to: .quotation) }
            metadata["resources"] = "\(shown.joined(separator: " "))"
        }
        switch outcome {
        case .succeeded: break
        case .denied(let code), .failed(let code): metadata["error"] = "\(code)"
        }
        log.log(level: level, outcome == .succeeded ? "request" : "request refused", metadata: metadata)
    }

    /// So many are told of.
    private static let resourceLimit = 10

    private static func level(_ record: RequestRecord, _ outcome: RequestRecord.Outcome) -> Logger.Level {
        guard case .user? = record.principal else { return .debug }
        switch outcome {
        case .succeeded: return record.action.isReadOnly || isChannel(record.action) ? .debug : .info
        case .denied: return .info
        case .failed: return .debug
        }
    }

    private static func isChannel(_ action: Action) -> Bool { action.service == "ssmmessages" }
}
