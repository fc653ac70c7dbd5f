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

/// An operation of a service, with what it takes and gives.
package protocol ServiceRequest: Codable, Sendable {
    associatedtype Response: Codable & Sendable
    /// For example `StartSession`.
    static var operation: String { get }
    /// Whose operation it is.
    static var target: ServiceTarget { get }
    /// Whether doing it twice is the same as doing it once, so that a lost answer does no harm.
    static var isIdempotent: Bool { get }
}

extension ServiceRequest {
    package static var target: ServiceTarget { ServiceTarget(service: "ssm", prefix: "AmazonSSM") }
    package static var isIdempotent: Bool { false }
}

/// How a service of the AWS JSON protocol is addressed.
package struct ServiceTarget: Equatable, Sendable {
    /// What signatures are for, for example `ssm`.
    package let service: String
    /// What stands before the operation in `X-Amz-Target`.
    package let prefix: String

    package init(service: String, prefix: String) {
        self.service = service
        self.prefix = prefix
    }
}

/// A tag in the shape of Systems Manager.
package struct TagShape: Codable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A filter with one value, as `DescribeSessions` has it. (Its names are small on the wire; here they come out right, since
/// both ends fold the first letter.)
package struct SessionFilterShape: Codable, Sendable {
    package var key: String
    package var value: String
}
