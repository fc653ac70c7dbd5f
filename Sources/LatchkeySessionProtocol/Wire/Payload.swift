// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// JSON of and into payloads.
package enum Payload {
    /// The most that a payload of JSON may have; theirs have a few hundred bytes.
    package static let jsonLimit = 256 * 1024

    package static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        // Of strings and numbers only: there is nothing that could not be encoded.
        guard let data = try? encoder.encode(value) else { preconditionFailure("a payload cannot be encoded") }
        return Array(data)
    }

    /// - Returns: nil if it is not JSON of this shape.
    package static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: some Collection<UInt8>) -> Value? {
        guard bytes.count <= jsonLimit else { return nil }
        return try? JSONDecoder().decode(type, from: Data(bytes))
    }
}
