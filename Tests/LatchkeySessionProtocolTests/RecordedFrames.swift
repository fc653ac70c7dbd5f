// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A message that the official plugin and agent exchanged, and what it is.
struct RecordedFrame: Decodable, CustomTestStringConvertible {
    let from: String
    let type: String
    let sequence: Int64
    let payloadType: UInt32
    let id: String
    let hex: String

    private enum CodingKeys: String, CodingKey {
        case from
        case type
        case sequence = "seq"
        case payloadType = "pt"
        case id
        case hex
    }

    var testDescription: String { "\(from) \(type) \(sequence) \(id)" }

    var bytes: [UInt8] { RecordedFrame.bytes(hex) }

    var payload: [UInt8] { Array(bytes.dropFirst(120)) }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Three sessions: a forwarded port, a shell, and a command with separate output.
    static let all: [RecordedFrame] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/session-frames.jsonl")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n")
            .compactMap { try? JSONDecoder().decode(RecordedFrame.self, from: Data($0.utf8)) }
    }()

    /// A few of them, one of each kind.
    static let kinds: [RecordedFrame] = {
        var seen: Set<String> = []
        return all.filter { seen.insert("\($0.type) \($0.payloadType)").inserted }
    }()
}
