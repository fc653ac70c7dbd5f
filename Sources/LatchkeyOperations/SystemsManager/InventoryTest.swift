// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyModel

/// One filter of an inventory.
struct InventoryTest {
    private enum Kind: String {
        case equal = "Equal"
        case notEqual = "NotEqual"
        case beginsWith = "BeginWith"
        case less = "LessThan"
        case greater = "GreaterThan"
        case exists = "Exists"
    }

    private let type: String
    private let attribute: String
    private let kind: Kind
    private let values: [String]

    /// - Throws: `InvalidFilter`.
    init(_ filter: InventoryFilter) throws(ServiceError) {
        let key = filter.key
        guard let dot = key.lastIndex(of: "."), let kind = Kind(rawValue: filter.type ?? Kind.equal.rawValue) else {
            throw ServiceError(code: "InvalidFilter", message: "'\(key.cut(to: .quotation))' is not a filter")
        }
        type = String(key[..<dot])
        try InventoryRecord.checkType(type)
        attribute = String(key[key.index(after: dot)...])
        self.kind = kind
        values = filter.values ?? []
    }

    /// The only instances that can pass; nil if others can.
    var instanceIDs: [Instance.ID]? {
        type == InventoryRecord.type && attribute == "InstanceId" && kind == .equal ? values : nil
    }

    func passes(_ record: InventoryRecord) -> Bool {
        guard type == InventoryRecord.type, let found = record.content[attribute] else { return false }
        return switch kind {
        case .equal: values.contains(found)
        case .notEqual: !values.contains(found)
        case .beginsWith: values.contains { found.hasPrefix($0) }
        case .less: values.contains { found < $0 }
        case .greater: values.contains { found > $0 }
        case .exists: true
        }
    }
}
