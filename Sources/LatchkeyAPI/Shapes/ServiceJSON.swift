// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// JSON as the AWS JSON 1.1 protocol has it: names begin with a capital, dates are seconds since 1970.
package enum ServiceJSON {
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .secondsSince1970
        encoder.keyEncodingStrategy = .custom { path in Key(path.last, capital: true) }
        return Array(try encoder.encode(value))
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        decoder.keyDecodingStrategy = .custom { path in Key(path.last, capital: false) }
        return try decoder.decode(type, from: Data(bytes))
    }

    /// Keys of dictionaries do not come this way: Foundation leaves them as they are.
    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int?

        init(_ key: (any CodingKey)?, capital: Bool) {
            let name = key?.stringValue ?? ""
            let first = capital ? name.prefix(1).uppercased() : name.prefix(1).lowercased()
            stringValue = first + name.dropFirst()
            intValue = key?.intValue
        }

        init?(stringValue: String) {
            self.stringValue = stringValue
            intValue = nil
        }

        init?(intValue: Int) {
            stringValue = String(intValue)
            self.intValue = intValue
        }
    }
}
