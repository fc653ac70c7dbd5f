// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import LatchkeyStore

extension TagFilter {
    func add(to conditions: inout Conditions) {
        let column: String
        switch attribute {
        case .key: column = "key"
        case .value: column = "value"
        case .resourceID: column = "resourceID"
        case .resourceType: column = "resourceType"
        case .tag(let key):
            conditions.add("key = ?", [key])
            column = "value"
        }
        InstanceFilter.add(column, patterns, to: &conditions)
    }
}
