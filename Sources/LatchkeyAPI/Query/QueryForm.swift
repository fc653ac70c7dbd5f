// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyCrypto

/// The parameters of a request in the Query protocol: a form whose names have dots, `Filter.1.Value.2=…`, taken as a tree.
package struct QueryForm: Sendable {
    /// More than a thousand ids with their tags, and far less than what would cost time.
    static let countLimit = 20_000
    static let depthLimit = 8
    static let nameLimit = 256

    let root: QueryNode

    /// - Parameter body: `application/x-www-form-urlencoded`.
    /// - Throws: `malformed`, `duplicate`.
    package init(_ body: [UInt8]) throws(QueryFault) {
        let root = QueryNode()
        var count = 0
        for pair in body.split(separator: UInt8(ascii: "&")) {
            count += 1
            guard count <= QueryForm.countLimit else {
                throw .malformed("there are more than \(QueryForm.countLimit)")
            }
            let end = pair.firstIndex(of: UInt8(ascii: "="))
            let name = try QueryForm.text(pair[..<(end ?? pair.endIndex)])
            guard name.utf8.count <= QueryForm.nameLimit else {
                throw .malformed("a name has more than \(QueryForm.nameLimit) characters")
            }
            let value = try QueryForm.text(end.map { pair[($0 + 1)...] } ?? [])
            try QueryForm.add(value, name, to: root)
        }
        self.root = root
    }

    private static func add(_ value: String, _ name: String, to root: QueryNode) throws(QueryFault) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= depthLimit, !parts.contains(where: \.isEmpty) else {
            throw .malformed("'\(name)' is not a name")
        }
        var node = root
        for part in parts {
            guard node.value == nil else { throw .duplicate(name) }
            node = node.child(String(part))
        }
        guard node.value == nil, node.children.isEmpty else { throw .duplicate(name) }
        node.value = value
    }

    private static func text(_ encoded: ArraySlice<UInt8>) throws(QueryFault) -> String {
        guard let bytes = PercentEncoding.decode(encoded, plusIsSpace: true),
            let text = String(validating: bytes, as: UTF8.self)
        else { throw .malformed("a name or value is not UTF-8 in percent-encoding") }
        return text
    }

    /// What belongs to the protocol rather than to an operation: a presigned request has its signature among the parameters.
    private static let protocolNames: Set<String> = [
        "Action", "Version", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
        "X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Signature",
    ]

    /// The value of a parameter of the first level; nil if there is none.
    package func value(_ name: String) -> String? { root.children[name]?.value }

    /// - Throws: all but `malformed` and `duplicate`; `unknown` for what `type` has no use for, so that nothing that was
    ///   asked for is passed over.
    package func decode<Value: Decodable>(_ type: Value.Type) throws(QueryFault) -> Value {
        do {
            let decoder = QueryDecoder(root: root)
            let value = try Value(from: decoder)
            if let name = root.unread(decoder.tracker, ignoring: QueryForm.protocolNames) {
                throw QueryFault.unknown(name)
            }
            return value
        } catch let fault as QueryFault {
            throw fault
        } catch {
            // A shape of this project that asks for what the protocol cannot say.
            throw .malformed("\(error)")
        }
    }
}
