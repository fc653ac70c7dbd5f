// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto
internal import LatchkeyModel

/// Writes requests as the form that ``QueryForm`` reads.
package enum QueryEncoder {
    /// - Returns: `application/x-www-form-urlencoded`, beginning with the operation.
    package static func encode(_ request: some Encodable, operation: String, version: String) throws -> [UInt8] {
        let writer = QueryWriter()
        writer.add("Action", operation)
        writer.add("Version", version)
        try request.encode(to: QueryFormEncoder(writer: writer, name: ""))
        return writer.bytes
    }
}

private final class QueryWriter {
    private(set) var bytes: [UInt8] = []

    func add(_ name: String, _ value: some CustomStringConvertible) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
        let (name, value) = (PercentEncoding.encode(name.utf8), PercentEncoding.encode(value.description.utf8))
        bytes.append(contentsOf: "\(name)=\(value)".utf8)
    }
}

private struct QueryFormEncoder: Encoder {
    let writer: QueryWriter
    let name: String
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(QueryFormStructure<Key>(writer: writer, name: name))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { QueryFormList(writer: writer, name: name) }
    func singleValueContainer() -> any SingleValueEncodingContainer { QueryFormValue(writer: writer, name: name) }
}

private struct QueryFormStructure<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let writer: QueryWriter
    let name: String
    var codingPath: [any CodingKey] { [] }

    private func wire(_ key: Key) -> String {
        let wire = key.stringValue.prefix(1).uppercased() + key.stringValue.dropFirst()
        return name.isEmpty ? wire : "\(name).\(wire)"
    }

    func encodeNil(forKey key: Key) {}
    func encode(_ value: Bool, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: String, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: Double, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: Float, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: Int, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: Int8, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: Int16, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: Int32, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: Int64, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: UInt, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: UInt8, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: UInt16, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: UInt32, forKey key: Key) { writer.add(wire(key), value) }
    func encode(_ value: UInt64, forKey key: Key) { writer.add(wire(key), value) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try value.encode(to: QueryFormEncoder(writer: writer, name: wire(key)))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(QueryFormStructure<Nested>(writer: writer, name: wire(key)))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        QueryFormList(writer: writer, name: wire(key))
    }

    func superEncoder() -> any Encoder { QueryFormEncoder(writer: writer, name: name) }
    func superEncoder(forKey key: Key) -> any Encoder { QueryFormEncoder(writer: writer, name: wire(key)) }
}

private struct QueryFormList: UnkeyedEncodingContainer {
    let writer: QueryWriter
    let name: String
    private(set) var count = 0
    var codingPath: [any CodingKey] { [] }

    init(writer: QueryWriter, name: String) {
        self.writer = writer
        self.name = name
    }

    private mutating func next() -> String {
        count += 1
        return "\(name).\(count)"
    }

    mutating func encodeNil() {}
    mutating func encode(_ value: String) { writer.add(next(), value) }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        try value.encode(to: QueryFormEncoder(writer: writer, name: next()))
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(QueryFormStructure<Nested>(writer: writer, name: next()))
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        QueryFormList(writer: writer, name: next())
    }

    mutating func superEncoder() -> any Encoder { QueryFormEncoder(writer: writer, name: next()) }
}

private struct QueryFormValue: SingleValueEncodingContainer {
    let writer: QueryWriter
    let name: String
    var codingPath: [any CodingKey] { [] }

    func encodeNil() {}
    func encode(_ value: Bool) { writer.add(name, value) }
    func encode(_ value: String) { writer.add(name, value) }
    func encode(_ value: Double) { writer.add(name, value) }
    func encode(_ value: Float) { writer.add(name, value) }
    func encode(_ value: Int) { writer.add(name, value) }
    func encode(_ value: Int8) { writer.add(name, value) }
    func encode(_ value: Int16) { writer.add(name, value) }
    func encode(_ value: Int32) { writer.add(name, value) }
    func encode(_ value: Int64) { writer.add(name, value) }
    func encode(_ value: UInt) { writer.add(name, value) }
    func encode(_ value: UInt8) { writer.add(name, value) }
    func encode(_ value: UInt16) { writer.add(name, value) }
    func encode(_ value: UInt32) { writer.add(name, value) }
    func encode(_ value: UInt64) { writer.add(name, value) }

    func encode<Value: Encodable>(_ value: Value) throws {
        try value.encode(to: QueryFormEncoder(writer: writer, name: name))
    }
}
