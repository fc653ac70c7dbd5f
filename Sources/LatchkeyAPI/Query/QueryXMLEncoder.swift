// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
internal import LatchkeyModel

extension QueryXML {
    /// In ISO 8601 with milliseconds, as EC2 writes it: `2026-01-31T09:30:00.000Z`.
    package static func text(of date: Date) -> String {
        let milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded(.down))
        let seconds = SigningTime(Date(timeIntervalSince1970: (Double(milliseconds) / 1000).rounded(.down))).text
        let fraction = ((milliseconds % 1000) + 1000) % 1000
        let digits = Array(seconds.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        let zeros = fraction < 10 ? "00" : fraction < 100 ? "0" : ""
        return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))"
            + ".\(zeros)\(fraction)Z"
    }
}

/// Writes shapes as elements of their names, in the order in which they name them. What is nil is not there.
struct QueryXMLEncoder: Encoder {
    let writer: QueryXMLWriter
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(QueryXMLStructure<Key>(writer: writer))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { QueryXMLList(writer: writer) }
    func singleValueContainer() -> any SingleValueEncodingContainer { QueryXMLValue(writer: writer) }
}

private struct QueryXMLStructure<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let writer: QueryXMLWriter
    var codingPath: [any CodingKey] { [] }

    private func plain(_ value: some CustomStringConvertible, _ key: Key) {
        writer.element(key.stringValue) { writer.bytes.append(contentsOf: value.description.utf8) }
    }

    func encodeNil(forKey key: Key) {}
    func encode(_ value: Bool, forKey key: Key) { plain(value, key) }
    func encode(_ value: String, forKey key: Key) { writer.element(key.stringValue) { writer.write(value) } }
    func encode(_ value: Double, forKey key: Key) { plain(value, key) }
    func encode(_ value: Float, forKey key: Key) { plain(value, key) }
    func encode(_ value: Int, forKey key: Key) { plain(value, key) }
    func encode(_ value: Int8, forKey key: Key) { plain(value, key) }
    func encode(_ value: Int16, forKey key: Key) { plain(value, key) }
    func encode(_ value: Int32, forKey key: Key) { plain(value, key) }
    func encode(_ value: Int64, forKey key: Key) { plain(value, key) }
    func encode(_ value: UInt, forKey key: Key) { plain(value, key) }
    func encode(_ value: UInt8, forKey key: Key) { plain(value, key) }
    func encode(_ value: UInt16, forKey key: Key) { plain(value, key) }
    func encode(_ value: UInt32, forKey key: Key) { plain(value, key) }
    func encode(_ value: UInt64, forKey key: Key) { plain(value, key) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try writer.element(key.stringValue) { try writer.write(value) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { preconditionFailure(QueryXMLEncoder.why) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        preconditionFailure(QueryXMLEncoder.why)
    }

    func superEncoder() -> any Encoder { preconditionFailure(QueryXMLEncoder.why) }
    func superEncoder(forKey key: Key) -> any Encoder { preconditionFailure(QueryXMLEncoder.why) }
}

extension QueryXMLEncoder {
    /// An element has to be closed, and who asks for a container never says when that is.
    static let why = "a shape's code is the compiler's, which never asks for containers inside of others"
}

private struct QueryXMLList: UnkeyedEncodingContainer {
    let writer: QueryXMLWriter
    private(set) var count = 0
    var codingPath: [any CodingKey] { [] }

    init(writer: QueryXMLWriter) { self.writer = writer }

    mutating func encodeNil() { count += 1 }

    mutating func encode(_ value: String) {
        count += 1
        writer.element(writer.elementName) { writer.write(value) }
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        count += 1
        try writer.element(writer.elementName) { try writer.write(value) }
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        preconditionFailure(QueryXMLEncoder.why)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        preconditionFailure(QueryXMLEncoder.why)
    }

    mutating func superEncoder() -> any Encoder { preconditionFailure(QueryXMLEncoder.why) }
}

private struct QueryXMLValue: SingleValueEncodingContainer {
    let writer: QueryXMLWriter
    var codingPath: [any CodingKey] { [] }

    private func plain(_ value: some CustomStringConvertible) {
        writer.bytes.append(contentsOf: value.description.utf8)
    }

    func encodeNil() {}
    func encode(_ value: Bool) { plain(value) }
    func encode(_ value: String) { writer.write(value) }
    func encode(_ value: Double) { plain(value) }
    func encode(_ value: Float) { plain(value) }
    func encode(_ value: Int) { plain(value) }
    func encode(_ value: Int8) { plain(value) }
    func encode(_ value: Int16) { plain(value) }
    func encode(_ value: Int32) { plain(value) }
    func encode(_ value: Int64) { plain(value) }
    func encode(_ value: UInt) { plain(value) }
    func encode(_ value: UInt8) { plain(value) }
    func encode(_ value: UInt16) { plain(value) }
    func encode(_ value: UInt32) { plain(value) }
    func encode(_ value: UInt64) { plain(value) }
    func encode<Value: Encodable>(_ value: Value) throws { try writer.write(value) }
}
