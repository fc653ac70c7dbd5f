// SPDX-License-Identifier: Apache-2.0

/// Reads shapes from a form's tree. The wire's names begin with a capital, the shapes' do not; a list is its numbers in their
/// order, from 1 in most cases, and from 0 in libcloud's.
struct QueryDecoder: Decoder {
    let node: QueryNode
    let name: String
    let tracker: QueryTracker
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(root: QueryNode) { self.init(node: root, name: "", tracker: QueryTracker()) }

    init(node: QueryNode, name: String, tracker: QueryTracker) {
        self.node = node
        self.name = name
        self.tracker = tracker
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        if node.value != nil { throw QueryFault.invalid(name: name, value: node.value ?? "", expected: "It has parts") }
        return KeyedDecodingContainer(QueryKeyedContainer<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try QueryListContainer(decoder: self) }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { QueryValueContainer(decoder: self) }

    fileprivate func child(_ part: String) -> QueryDecoder? {
        node.children[part]
            .map { QueryDecoder(node: $0, name: name.isEmpty ? part : "\(name).\(part)", tracker: tracker) }
    }

    // MARK: Values

    fileprivate func text() throws -> String {
        guard let value = node.value else { throw QueryFault.invalid(name: name, value: "", expected: "It is no list") }
        tracker.note(node)
        return value
    }

    fileprivate func boolean() throws -> Bool {
        switch try text() {
        case "true", "True", "1": return true
        case "false", "False", "0": return false
        case let value: throw QueryFault.invalid(name: name, value: value, expected: "It must be true or false")
        }
    }

    fileprivate func number<Number: LosslessStringConvertible>(_ type: Number.Type) throws -> Number {
        let value = try text()
        guard let number = Number(value) else {
            throw QueryFault.invalid(name: name, value: value, expected: "It must be a number")
        }
        return number
    }

    fileprivate func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }
}

private struct QueryKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: QueryDecoder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { decoder.node.children.keys.compactMap { Key(stringValue: $0) } }

    private func wire(_ key: Key) -> String {
        let name = key.stringValue
        return name.prefix(1).uppercased() + name.dropFirst()
    }

    private func child(_ key: Key) throws -> QueryDecoder {
        guard let child = decoder.child(wire(key)) else {
            throw QueryFault.missing(decoder.name.isEmpty ? wire(key) : "\(decoder.name).\(wire(key))")
        }
        return child
    }

    func contains(_ key: Key) -> Bool { decoder.node.children[wire(key)] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { !contains(key) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try child(key).boolean() }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try child(key).text() }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try child(key).number(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try child(key).number(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try child(key).number(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try child(key).number(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try child(key).number(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try child(key).number(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try child(key).number(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try child(key).number(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try child(key).number(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try child(key).number(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try child(key).number(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try child(key).number(type) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try child(key).decode(type) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try child(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try child(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }
}

private struct QueryListContainer: UnkeyedDecodingContainer {
    private let elements: [QueryDecoder]
    private(set) var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    init(decoder: QueryDecoder) throws {
        if let value = decoder.node.value {
            throw QueryFault.invalid(name: decoder.name, value: value, expected: "It is a list: \(decoder.name).1")
        }
        elements = try decoder.node.children.keys
            .map { part -> (Int, String) in
                // One way only to write a number, so that none is there twice.
                guard part.utf8.count <= 6, let number = Int(part), number >= 0, String(number) == part else {
                    throw QueryFault.unknown("\(decoder.name).\(part)")
                }
                return (number, part)
            }
            .sorted { $0.0 < $1.0 }
            .compactMap { decoder.child($0.1) }
    }

    private mutating func next() throws -> QueryDecoder {
        guard !isAtEnd else { throw QueryFault.malformed("a list has ended") }
        defer { currentIndex += 1 }
        return elements[currentIndex]
    }

    mutating func decodeNil() throws -> Bool { false }
    mutating func decode(_ type: String.Type) throws -> String { try next().text() }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }
}

private struct QueryValueContainer: SingleValueDecodingContainer {
    let decoder: QueryDecoder
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }
    func decode(_ type: Bool.Type) throws -> Bool { try decoder.boolean() }
    func decode(_ type: String.Type) throws -> String { try decoder.text() }
    func decode(_ type: Double.Type) throws -> Double { try decoder.number(type) }
    func decode(_ type: Float.Type) throws -> Float { try decoder.number(type) }
    func decode(_ type: Int.Type) throws -> Int { try decoder.number(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try decoder.number(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try decoder.number(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try decoder.number(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try decoder.number(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try decoder.number(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try decoder.number(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try decoder.number(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try decoder.number(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try decoder.number(type) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decode(type) }
}
