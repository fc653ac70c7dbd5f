// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import LatchkeyAPI

/// Writes requests in the query protocols of AWS: fields and their fields are joined by dots, the elements of lists are
/// numbered from 1, and nil is left out.
struct QueryEncoder {
    /// How lists are numbered.
    enum Lists {
        /// `Filter.1`, as EC2 has it.
        case plain
        /// `Tags.member.1`, as STS has it.
        case member
    }

    let lists: Lists

    /// `application/x-www-form-urlencoded`, the action and version before the fields.
    func encode(_ value: some Encodable, action: String, version: String) throws -> [UInt8] {
        let encoder = QueryNodeEncoder(storage: QueryStorage(lists: lists), path: "", codingPath: [])
        try value.encode(to: encoder)
        let fields = [("Action", action), ("Version", version)] + encoder.storage.fields
        return Array(
            fields.map { "\(PercentEncoding.encode($0.0.utf8))=\(PercentEncoding.encode($0.1.utf8))" }
                .joined(separator: "&").utf8
        )
    }
}

private final class QueryStorage {
    let lists: QueryEncoder.Lists
    var fields: [(String, String)] = []

    init(lists: QueryEncoder.Lists) { self.lists = lists }
}

private struct QueryNodeEncoder: Encoder {
    let storage: QueryStorage
    /// The name of what is written here, with the names around it.
    let path: String
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(QueryKeyedContainer(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { QueryListContainer(encoder: self) }
    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func below(_ key: any CodingKey) -> QueryNodeEncoder {
        QueryNodeEncoder(
            storage: storage,
            path: path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)",
            codingPath: codingPath + [key]
        )
    }

    func write(_ text: String) { storage.fields.append((path, text)) }

    func write<Value: Encodable>(_ value: Value) throws {
        switch value {
        case let date as Date: write(date.formatted(.iso8601))
        case let data as Data: write(data.base64EncodedString())
        default: try value.encode(to: self)
        }
    }
}

extension QueryNodeEncoder: SingleValueEncodingContainer {
    func encodeNil() {}
    func encode(_ value: Bool) { write(value ? "true" : "false") }
    func encode(_ value: String) { write(value) }
    func encode(_ value: Double) { write("\(value)") }
    func encode(_ value: Float) { write("\(value)") }
    func encode(_ value: Int) { write("\(value)") }
    func encode(_ value: Int8) { write("\(value)") }
    func encode(_ value: Int16) { write("\(value)") }
    func encode(_ value: Int32) { write("\(value)") }
    func encode(_ value: Int64) { write("\(value)") }
    func encode(_ value: UInt) { write("\(value)") }
    func encode(_ value: UInt8) { write("\(value)") }
    func encode(_ value: UInt16) { write("\(value)") }
    func encode(_ value: UInt32) { write("\(value)") }
    func encode(_ value: UInt64) { write("\(value)") }
    func encode<Value: Encodable>(_ value: Value) throws { try write(value) }
}

private struct QueryKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: QueryNodeEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil(forKey key: Key) {}
    func encode(_ value: Bool, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: String, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: Double, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: Float, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: Int, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: Int8, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: Int16, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: Int32, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: Int64, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: UInt, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: UInt8, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: UInt16, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: UInt32, forKey key: Key) { encoder.below(key).encode(value) }
    func encode(_ value: UInt64, forKey key: Key) { encoder.below(key).encode(value) }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try encoder.below(key).write(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        encoder.below(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.below(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { encoder }
    func superEncoder(forKey key: Key) -> any Encoder { encoder.below(key) }
}

private struct QueryListContainer: UnkeyedEncodingContainer {
    let encoder: QueryNodeEncoder
    private(set) var count = 0

    init(encoder: QueryNodeEncoder) { self.encoder = encoder }

    var codingPath: [any CodingKey] { encoder.codingPath }

    private struct Position: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private mutating func next() -> QueryNodeEncoder {
        count += 1
        let prefix = encoder.storage.lists == .member ? "member." : ""
        return encoder.below(Position(stringValue: "\(prefix)\(count)"))
    }

    mutating func encodeNil() {}
    mutating func encode(_ value: Bool) { next().encode(value) }
    mutating func encode(_ value: String) { next().encode(value) }
    mutating func encode(_ value: Double) { next().encode(value) }
    mutating func encode(_ value: Float) { next().encode(value) }
    mutating func encode(_ value: Int) { next().encode(value) }
    mutating func encode(_ value: Int8) { next().encode(value) }
    mutating func encode(_ value: Int16) { next().encode(value) }
    mutating func encode(_ value: Int32) { next().encode(value) }
    mutating func encode(_ value: Int64) { next().encode(value) }
    mutating func encode(_ value: UInt) { next().encode(value) }
    mutating func encode(_ value: UInt8) { next().encode(value) }
    mutating func encode(_ value: UInt16) { next().encode(value) }
    mutating func encode(_ value: UInt32) { next().encode(value) }
    mutating func encode(_ value: UInt64) { next().encode(value) }
    mutating func encode<Value: Encodable>(_ value: Value) throws { try next().write(value) }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { next().unkeyedContainer() }
    mutating func superEncoder() -> any Encoder { next() }
}
